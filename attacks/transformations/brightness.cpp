// SPDX-License-Identifier: MIT
// Brightness: too much light.
//
// Method    V' = min(V + c, 1), V the largest channel of a pixel; hue and saturation stay
// Severity  c = 0.1, 0.2, 0.3, 0.4, 0.5 of the range
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its c

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kLight{0.1, 0.2, 0.3, 0.4, 0.5};

void apply(Image& image, std::size_t severity, Rng& /*rng*/) {
  for (std::size_t at = 0; at < image.values.size(); at += image.channels) {
    const std::span<double> pixel(&image.values[at], image.channels);
    const double value = std::ranges::max(pixel);
    const double brighter = std::min(value + kLight[severity - 1], 1.0);
    // In HSV, channels of one hue and saturation are in proportion to V; black has neither.
    for (double& channel : pixel) channel = value > 0.0 ? channel * brighter / value : brighter;
  }
}

}  // namespace

const CorruptionInfo& brightness_info() {
  static const CorruptionInfo info{
      .name = "brightness",
      .group = "weather",
      .summary = "The same light added everywhere.",
      .parameters = "V + 0.1, 0.2, 0.3, 0.4, 0.5 in HSV",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
