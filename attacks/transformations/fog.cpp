// SPDX-License-Identifier: MIT
// Fog, from a plasma fractal.
//
// Method    x' = (x + c · p) · m / (m + c), m the largest value of x, p a height map in [0, 1] by
//           midpoint displacement on a torus (Fournier, Fussell & Carpenter 1982)
// Severity  c = 1, 1.5, 2, 2.5, 3; one map for all
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, and MNIST-C
// Differs   the map's roughness halves with each finer grid at every severity, and c never stays
//           the same; displacements are uniform in [-1, 1] of what is left of the roughness

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kThickness{1.0, 1.5, 2.0, 2.5, 3.0};

/// size × size heights in [0, 1], size a power of two.
Image plasma(std::size_t size, Rng& rng) {
  Image map(size, size, 1);
  double roughness = 1.0;
  const auto height = [&](std::size_t r, std::size_t c) { return map.at(r % size, c % size, 0); };
  const auto displaced = [&](double sum) {
    return sum / 4.0 + roughness * (2.0 * rng.unit() - 1.0);
  };
  for (std::size_t step = size; step >= 2; step /= 2, roughness /= 2.0) {
    const std::size_t half = step / 2;
    for (std::size_t r = 0; r < size; r += step) {
      for (std::size_t c = 0; c < size; c += step) {
        map.at(r + half, c + half, 0) = displaced(height(r, c) + height(r + step, c) +
                                                  height(r, c + step) + height(r + step, c + step));
      }
    }
    for (std::size_t r = 0; r < size; r += half) {
      for (std::size_t c = (r / half) % 2 == 0 ? half : 0; c < size; c += step) {
        map.at(r, c, 0) = displaced(height(r + size - half, c) + height(r + half, c) +
                                    height(r, c + size - half) + height(r, c + half));
      }
    }
  }
  const auto [low, high] = std::ranges::minmax(map.values);
  for (double& value : map.values) value = high > low ? (value - low) / (high - low) : 0.0;
  return map;
}

void apply(Image& image, std::size_t severity, Rng& rng) {
  std::size_t size = 2;
  while (size < std::max(image.height, image.width)) size *= 2;
  const Image map = plasma(size, rng);
  const double thickness = kThickness[severity - 1];
  const double lightest = std::ranges::max(image.values);
  if (lightest <= 0.0) return;  // light is scattered: where there is none, none is
  for (std::size_t r = 0; r < image.height; ++r) {
    for (std::size_t c = 0; c < image.width; ++c) {
      for (std::size_t k = 0; k < image.channels; ++k) {
        double& value = image.at(r, c, k);
        value = (value + thickness * map.at(r, c, 0)) * lightest / (lightest + thickness);
      }
    }
  }
}

}  // namespace

const CorruptionInfo& fog_info() {
  static const CorruptionInfo info{
      .name = "fog",
      .group = "weather",
      .summary = "A plasma fractal over the picture.",
      .parameters = "thickness 1, 1.5, 2, 2.5, 3 against the lightest value",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
