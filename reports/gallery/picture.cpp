// SPDX-License-Identifier: MIT
#include "reports/gallery/picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "reports/gallery/colour_map.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gallery {
namespace {

constexpr std::size_t kMostLines = 4;
constexpr double kBarHeight = 9;
constexpr double kMapGap = 8;
constexpr Font kSmallFont{11.5, Weight::kNormal};

// Maps of single channels are half as large as the picture.
Size map_size(const record::Pixels& layout, Size image) {
  if (layout.channels == 1) return image;
  return shown_size(layout, std::max(image.width, image.height) / 2);
}

void draw_scale(Canvas& canvas, double x, double y, double width, const Scale& scale) {
  const double base = y + kBarHeight + 14;
  const auto put = [&](double at, const std::string& text, Align align) {
    canvas.text(at, base, width / 2, text, kSmallFont, kInk, align);
  };
  canvas.image(x - width / 2, y, width, kBarHeight, scale_bar());
  put(x - width / 2, "−" + record::compact(scale.end), Align::kLeft);
  put(x, "0", Align::kCentre);
  put(x + width / 2, "+" + record::compact(scale.end), Align::kRight);
  canvas.text(x, base + 14, width, scale.unit, kSmallFont, kFaint, Align::kCentre);
}

}  // namespace

Size shown_size(const record::Pixels& pixels, double side) {
  const double longest = std::max(pixels.width, pixels.height);
  double factor = side / longest;
  if (factor > 1.0) factor = std::round(factor);
  return {.width = factor * pixels.width, .height = factor * pixels.height};
}

std::vector<std::string> lines_of(const Label& label, Font font, double room) {
  if (label.tail.empty()) return wrap(label.text, font, room, kMostLines);
  const std::string line = label.text + " · " + label.tail;
  if (text_width(line, font) <= room) return {line};
  std::vector<std::string> lines = wrap(label.text, font, room, kMostLines);
  lines.push_back(label.tail);
  return lines;
}

Size perturbation_size(const record::Pixels& layout, Size image) {
  const Size map = map_size(layout, image);
  return {.width = layout.channels * (map.width + kMapGap) - kMapGap, .height = image.height};
}

void draw_perturbation(Canvas& canvas, double x, double y, Size image, const record::Pixels& layout,
                       std::span<const float> values, const Scale& scale) {
  constexpr std::array kNames{"red", "green", "blue"};
  const Size map = map_size(layout, image);
  const Size all = perturbation_size(layout, image);
  const double top = y + (image.height - map.height) / 2;
  for (std::uint32_t c = 0; c < layout.channels; ++c) {
    const double left = x - all.width / 2 + c * (map.width + kMapGap);
    canvas.image(left, top, map.width, map.height, signed_pixels(values, layout, c, scale.end));
    if (layout.channels == 1) continue;
    canvas.text(left + map.width / 2, top - 7, map.width, kNames[c], kSmallFont, kInk,
                Align::kCentre);
  }
  draw_scale(canvas, x, y + image.height + 8, std::min(all.width, image.width), scale);
}

}  // namespace gibbon::reports::gallery
