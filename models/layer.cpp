// SPDX-License-Identifier: MIT
#include "models/layer.hpp"

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
