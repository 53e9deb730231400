// SPDX-License-Identifier: MIT
#include "models/layer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace gibbon::models {
namespace {

/// Places of a window of `size` along an axis of `length`.
std::size_t places_along(std::size_t length, std::size_t size, std::size_t stride,
                         std::size_t dilation, std::size_t before, std::size_t after, bool ceil) {
  const std::size_t reach = (size - 1) * dilation + 1;
  const std::size_t padded = length + before + after;
  if (reach > padded) {
    throw std::invalid_argument(
        fmt::format("its window reaches over {} places, but {} are there", reach, padded));
  }
  std::size_t count = (padded - reach) / stride + 1;
  if (ceil && (padded - reach) % stride != 0 && count * stride < length + before) ++count;
  return count;
}

}  // namespace

std::string FeatureShape::text() const {
  return height == 1 && width == 1 ? fmt::format("{}", channels)
                                   : fmt::format("{}×{}×{}", height, width, channels);
}

FeatureShape Window::places(const FeatureShape& input, std::size_t channels) const {
  return {places_along(input.height, height, stride_y, dilation_y, top, bottom, ceil),
          places_along(input.width, width, stride_x, dilation_x, left, right, ceil), channels};
}

std::vector<std::pair<std::string, FileOperator::Attribute>> Window::attributes() const {
  std::vector<std::pair<std::string, FileOperator::Attribute>> out;
  const auto set = [&](const char* name, std::initializer_list<std::size_t> values,
                       std::size_t usual) {
    if (std::ranges::all_of(values, [&](std::size_t value) { return value == usual; })) return;
    std::vector<std::int64_t> whole;
    for (const std::size_t value : values) whole.push_back(static_cast<std::int64_t>(value));
    out.emplace_back(name, std::move(whole));
  };
  set("kernel_shape", {height, width}, 0);
  set("strides", {stride_y, stride_x}, 1);
  set("dilations", {dilation_y, dilation_x}, 1);
  set("pads", {top, left, bottom, right}, 0);
  if (ceil) out.emplace_back("ceil_mode", std::int64_t{1});
  return out;
}

std::string Window::text() const {
  std::string out = fmt::format("{}×{}", height, width);
  if (stride_y != 1 || stride_x != 1) {
    out += stride_y == stride_x ? fmt::format(", stride {}", stride_y)
                                : fmt::format(", stride {}×{}", stride_y, stride_x);
  }
  if (dilation_y != 1 || dilation_x != 1) {
    out += fmt::format(", dilation {}×{}", dilation_y, dilation_x);
  }
  if (top + bottom + left + right != 0) {
    out += top == bottom && top == left && top == right
               ? fmt::format(", pad {}", top)
               : fmt::format(", pad {} {} {} {}", top, left, bottom, right);
  }
  return out;
}

}  // namespace gibbon::models
