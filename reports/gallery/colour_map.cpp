// SPDX-License-Identifier: MIT
#include "reports/gallery/colour_map.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gibbon::reports::gallery {
namespace {

// The ends of ColorBrewer's RdBu: equally dark, and apart for every kind of colour vision.
constexpr Rgb kNegative{33, 102, 172};
constexpr Rgb kPositive{178, 24, 43};
constexpr std::uint32_t kBarSteps = 201;

std::uint8_t level(double value) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

double relative(float value, double largest) {
  if (largest == 0.0 || std::isnan(value)) return 0.0;
  return std::clamp(static_cast<double>(value) / largest, -1.0, 1.0);
}

}  // namespace

Rgb diverging(double value) {
  if (std::isnan(value)) value = 0.0;
  const double share = std::min(1.0, std::abs(value));
  const Rgb end = value < 0.0 ? kNegative : kPositive;
  const auto mix = [&](std::uint8_t to) { return level(255.0 + share * (to - 255.0)); };
  return {.red = mix(end.red), .green = mix(end.green), .blue = mix(end.blue)};
}

record::Pixels signed_pixels(std::span<const float> values, const record::Pixels& layout,
                             std::uint32_t channel, double largest) {
  record::Pixels pixels{
      .height = layout.height, .width = layout.width, .channels = 3, .values = {}};
  pixels.values.reserve(std::size_t{3} * layout.height * layout.width);
  for (std::size_t i = channel; i < values.size(); i += layout.channels) {
    const Rgb colour = diverging(relative(values[i], largest));
    pixels.values.insert(pixels.values.end(), {colour.red, colour.green, colour.blue});
  }
  return pixels;
}

record::Pixels scale_bar() {
  std::vector<float> values;
  for (std::uint32_t step = 0; step < kBarSteps; ++step)
    values.push_back(-1.0F + 2.0F * static_cast<float>(step) / (kBarSteps - 1));
  return signed_pixels(values, {.height = 1, .width = kBarSteps, .channels = 1, .values = {}}, 0,
                       1.0);
}

double largest_magnitude(std::span<const float> values) {
  float largest = 0.0F;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return static_cast<double>(largest);
}

}  // namespace gibbon::reports::gallery
