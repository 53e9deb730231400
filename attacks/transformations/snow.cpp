// SPDX-License-Identifier: MIT
// Snow: bright streaks that fall aslant, over a whiter picture.
//
// Method    x' = w x + (1 - w) max(x, 1.5 · grey(x) + 0.5) + s + s turned by 180°; flakes s are
//           0.4 + 0.25 N(0, 1), enlarged, where that is above t, then blurred along a line between
//           45° and 135°
// Severity  w = 0.95, 0.9, 0.85, 0.8, 0.75; t = 0.75, 0.7, 0.65, 0.6, 0.55; one draw for all, so
//           flakes stay and more fall. A flake is side / 20 pixels wide, a streak 3 flakes long
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261
// Differs   w and t alone change with the severity; the source also changes mean, size and streak,
//           not all of them in one direction

#include <cmath>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kClean{0.95, 0.9, 0.85, 0.8, 0.75};
constexpr PerSeverity kThreshold{0.75, 0.7, 0.65, 0.6, 0.55};

void apply(Image& image, std::size_t severity, Rng& rng) {
  const double flake = std::max(1.0, image.side() / 20.0);
  const auto cells = [&](std::size_t size) {
    return static_cast<std::size_t>(std::ceil(static_cast<double>(size) / flake)) + 1;
  };
  Image seeds(cells(image.height), cells(image.width), 1);
  for (double& seed : seeds.values) seed = 0.4 + 0.25 * rng.normal();
  const double direction = 45.0 + 90.0 * rng.unit();
  Image flakes(image.height, image.width, 1);
  for (std::size_t r = 0; r < image.height; ++r) {
    for (std::size_t c = 0; c < image.width; ++c) {
      const double height =
          sample(seeds, static_cast<double>(r) / flake, static_cast<double>(c) / flake, 0);
      flakes.at(r, c, 0) = height < kThreshold[severity - 1] ? 0.0 : std::min(height, 1.0);
    }
  }
  flakes = motion_blur(flakes, 3.0 * flake, 1.5 * flake, direction);
  const Image grey = to_grey(image);
  const double clean = kClean[severity - 1];
  const std::size_t pixels = grey.values.size();
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t k = 0; k < image.channels; ++k) {
      double& value = image.values[i * image.channels + k];
      value = clean * value + (1.0 - clean) * std::max(value, 1.5 * grey.values[i] + 0.5) +
              flakes.values[i] + flakes.values[pixels - 1 - i];
    }
  }
}

}  // namespace

const CorruptionInfo& snow_info() {
  static const CorruptionInfo info{
      .name = "snow",
      .group = "weather",
      .summary = "Bright streaks over a whiter picture.",
      .parameters = "flakes above 0.75, 0.7, 0.65, 0.6, 0.55; whitened by 0.05 to 0.25",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
