// SPDX-License-Identifier: MIT
// Glass blur: neighbouring pixels change places, as behind frosted glass.
//
// Method    Gaussian blur of σ; i times, from the last pixel to the first, a share p of the pixels
//           change places with one at most δ rows and columns away; the same blur again
// Severity  p = 0.25, 0.5, 0.75, 1, 1 and i = 1, 1, 1, 1, 2; σ = 0.25, 0.3, 0.35, 0.4, 0.45 times
//           √(side / 32), δ the whole number nearest to √(side / 32), at least 1. The same draws
//           at all severities
// Source    CIFAR-10-C and ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261
// Differs   σ and δ go with the root of the side, which leads from the source's numbers for 32
//           pixels to those for 224; blur and moves both grow with the severity, where the source
//           lets σ fall again; the pixels on the border move, too

#include <cmath>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kSigma{0.25, 0.3, 0.35, 0.4, 0.45};
constexpr PerSeverity kShare{0.25, 0.5, 0.75, 1.0, 1.0};
constexpr std::array<std::size_t, kSeverities> kRounds{1, 1, 1, 1, 2};

std::size_t moved(std::size_t place, std::size_t reach, std::size_t size, Rng& rng) {
  const auto there = static_cast<std::ptrdiff_t>(place + rng.below(2 * reach + 1)) -
                     static_cast<std::ptrdiff_t>(reach);
  return static_cast<std::size_t>(
      std::clamp(there, std::ptrdiff_t{0}, static_cast<std::ptrdiff_t>(size) - 1));
}

void apply(Image& image, std::size_t severity, Rng& rng) {
  const double scale = std::sqrt(image.side() / 32.0);
  const double sigma = kSigma[severity - 1] * scale;
  const auto reach = static_cast<std::size_t>(std::max(1.0, std::round(scale)));
  image = gaussian_blur(image, sigma);
  for (std::size_t round = 0; round < kRounds[severity - 1]; ++round) {
    for (std::size_t r = image.height; r-- > 0;) {
      for (std::size_t c = image.width; c-- > 0;) {
        const std::size_t row = moved(r, reach, image.height, rng);
        const std::size_t column = moved(c, reach, image.width, rng);
        if (rng.unit() >= kShare[severity - 1]) continue;
        for (std::size_t k = 0; k < image.channels; ++k) {
          std::swap(image.at(r, c, k), image.at(row, column, k));
        }
      }
    }
  }
  image = gaussian_blur(image, sigma);
}

}  // namespace

const CorruptionInfo& glass_blur_info() {
  static const CorruptionInfo info{
      .name = "glass-blur",
      .group = "blur",
      .summary = "Neighbouring pixels change places.",
      .parameters = "0.25, 0.5, 0.75, 1, 2 moves per pixel; blur σ = 0.25 to 0.45 · √(side / 32)",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
