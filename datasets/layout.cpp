// SPDX-License-Identifier: MIT
#include "datasets/layout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/ranges.h>
#include <utility>

#include "base/error.hpp"
#include "base/printable.hpp"

namespace gibbon::datasets {
namespace {

constexpr std::array<std::pair<std::string_view, Layout>, 4> kLayouts{
    {{"nd", Layout::kPoints},
     {"nhw", Layout::kGrey},
     {"nchw", Layout::kChannelsFirst},
     {"nhwc", Layout::kChannelsLast}}};

constexpr std::string_view kAllowed =
    "allowed are N × D, N × H × W, N × C × H × W and N × H × W × C with C = 1 or 3";

bool is_channels(std::size_t size) { return size == 1 || size == 3; }

/// Of an array whose layout nobody has said.
Layout layout_by(std::span<const std::size_t> sizes, const std::string& where) {
  if (sizes.size() == 2) return square_side(sizes[1]) > 0 ? Layout::kGrey : Layout::kPoints;
  if (sizes.size() == 3) return Layout::kGrey;
  const bool first = is_channels(sizes[1]);
  const bool last = is_channels(sizes[3]);
  if (first && last) {
    fail_input(
        "{}: is {}, whose channels may come first or last; allowed are shapes that leave no doubt; "
        "say it with --layout nchw or --layout nhwc",
        where, times(sizes));
  }
  if (first) return Layout::kChannelsFirst;
  if (last) return Layout::kChannelsLast;
  fail_input(
      "{}: is {}, with neither 1 nor 3 channels first or last; {}; save such pictures, or take the "
      "numbers as points with --layout nd",
      where, times(sizes), kAllowed);
}

/// The name of a layout, for messages.
std::string_view name_of(Layout layout) {
  for (const auto& [name, known] : kLayouts)
    if (known == layout) return name;
  return "";
}

[[noreturn]] void fail_layout(Layout layout, std::span<const std::size_t> sizes,
                              const std::string& where) {
  fail_input("{}: is {}, which --layout {} does not fit; {}; choose another --layout or omit it",
             where, times(sizes), name_of(layout), kAllowed);
}

/// C × H × W of every sample becomes H × W × C.
void put_channels_last(std::vector<float>& values, const Shape& shape) {
  const std::size_t area = shape.height * shape.width;
  std::vector<float> sample(shape.size());
  for (std::size_t at = 0; at < values.size(); at += shape.size()) {
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(at), shape.size(), sample.begin());
    for (std::size_t c = 0; c < shape.channels; ++c) {
      for (std::size_t k = 0; k < area; ++k)
        values[at + k * shape.channels + c] = sample[c * area + k];
    }
  }
}

/// Shape of one sample in this layout; the sizes must fit it.
Shape shape_in(Layout layout, std::span<const std::size_t> sizes, const std::string& where) {
  switch (layout) {
    case Layout::kGrey: {
      if (sizes.size() == 3) return {sizes[1], sizes[2], 1, true};
      const auto side =
          sizes.size() == 2
              ? static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(sizes[1]))))
              : 0;
      if (sizes.size() != 2 || side * side != sizes[1]) fail_layout(layout, sizes, where);
      return {side, side, 1, true};
    }
    case Layout::kChannelsFirst:
      if (sizes.size() != 4 || !is_channels(sizes[1])) fail_layout(layout, sizes, where);
      return {sizes[2], sizes[3], sizes[1], true};
    case Layout::kChannelsLast:
      if (sizes.size() != 4 || !is_channels(sizes[3])) fail_layout(layout, sizes, where);
      return {sizes[1], sizes[2], sizes[3], true};
    default: {
      std::size_t features = 1;
      for (const std::size_t size : sizes.subspan(1)) features *= size;
      return {1, features, 1, false};
    }
  }
}

}  // namespace

std::string times(std::span<const std::size_t> sizes) {
  return fmt::format("{}", fmt::join(sizes, " × "));
}

Layout parse_layout(std::string_view text) {
  if (text.empty()) return Layout::kByShape;
  for (const auto& [name, layout] : kLayouts)
    if (name == text) return layout;
  fail_usage(
      "--layout {}: unknown; allowed are nd (every number a feature), nhw, nchw and nhwc "
      "(N samples, height, width, channels)",
      printable(text));
}

std::size_t square_side(std::size_t pixels) {
  constexpr std::size_t kLeast = 8;
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  return side * side == pixels && side >= kLeast ? side : 0;
}

Shape arrange(std::span<const std::size_t> sizes, Layout layout, const std::string& where,
              std::vector<float>& values, std::vector<std::string>& notes) {
  constexpr std::size_t kMostAxes = 4;
  const bool any = layout == Layout::kPoints && sizes.size() > kMostAxes;
  if (sizes.size() < 2 || (sizes.size() > kMostAxes && !any)) {
    fail_input("{}: has {} axes{}; {}; reshape it", where, sizes.size(),
               sizes.empty() ? std::string() : fmt::format(" ({})", times(sizes)), kAllowed);
  }
  if (std::ranges::count(sizes, std::size_t{0}) > 0) {
    fail_input("{}: is {}, which has no samples or no numbers in them; {}; save some", where,
               times(sizes), kAllowed);
  }
  if (layout == Layout::kByShape) layout = layout_by(sizes, where);
  const Shape shape = shape_in(layout, sizes, where);
  const std::string size = fmt::format("{} × {}", shape.height, shape.width);
  if (shape.image && sizes.size() == 2) {
    notes.push_back(
        fmt::format("{} is {}: taken as square pictures of {} (--layout nd takes them as points).",
                    where, times(sizes), size));
  } else if (layout == Layout::kChannelsFirst) {
    notes.push_back(fmt::format("{} is {}: channels come first, pictures are {} with {} channel{}.",
                                where, times(sizes), size, shape.channels,
                                shape.channels == 1 ? "" : "s, which are put last"));
    if (shape.channels > 1) put_channels_last(values, shape);
  } else if (!shape.image && sizes.size() > 2) {
    notes.push_back(fmt::format("{} is {}: taken as points of {} features in this order.", where,
                                times(sizes), shape.width));
  }
  return shape;
}

}  // namespace gibbon::datasets
