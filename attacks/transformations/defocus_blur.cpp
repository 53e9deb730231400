// SPDX-License-Identifier: MIT
// Defocus blur: a point becomes a disk.
//
// Method    x' = mean of x, bilinear between pixels, over a disk of radius r: 24 × 24 points of the
//           square around it, those inside the disk
// Severity  r = 3, 4, 6, 8, 10 pixels for a side of 224, in proportion to the side: 0.4 to 1.25 for
//           28 pixels
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its radii
// Differs   a disk smaller than a pixel blurs through the interpolation, not through a second,
//           Gaussian blur

#include <cmath>
#include <utility>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kRadius{3.0, 4.0, 6.0, 8.0, 10.0};
constexpr int kPoints = 24;

void apply(Image& image, std::size_t severity, Rng& /*rng*/) {
  const double radius = kRadius[severity - 1] * image.side() / 224.0;
  std::vector<std::pair<double, double>> disk;
  for (int i = 0; i < kPoints; ++i) {
    for (int j = 0; j < kPoints; ++j) {
      const double down = (2.0 * i + 1.0) / kPoints - 1.0;
      const double across = (2.0 * j + 1.0) / kPoints - 1.0;
      if (down * down + across * across <= 1.0) disk.emplace_back(radius * down, radius * across);
    }
  }
  // Every point of the disk spreads over four whole offsets: their weights, once for all pixels.
  struct Tap {
    int down;
    int across;
    double weight;
  };
  std::vector<Tap> kernel;
  const auto reach = static_cast<int>(radius) + 1;
  for (int i = -reach; i <= reach; ++i) {
    for (int j = -reach; j <= reach; ++j) {
      double weight = 0.0;
      for (const auto& [down, across] : disk) {
        weight +=
            std::max(0.0, 1.0 - std::abs(down - i)) * std::max(0.0, 1.0 - std::abs(across - j));
      }
      if (weight > 0.0) kernel.push_back({i, j, weight / static_cast<double>(disk.size())});
    }
  }
  const Image clean = image;
  for (std::size_t r = 0; r < image.height; ++r) {
    for (std::size_t c = 0; c < image.width; ++c) {
      for (std::size_t k = 0; k < image.channels; ++k) {
        double sum = 0.0;
        for (const Tap& tap : kernel) {
          sum += tap.weight * sample(clean, static_cast<double>(r) + tap.down,
                                     static_cast<double>(c) + tap.across, k);
        }
        image.at(r, c, k) = sum;
      }
    }
  }
}

}  // namespace

const CorruptionInfo& defocus_blur_info() {
  static const CorruptionInfo info{
      .name = "defocus-blur",
      .group = "blur",
      .summary = "Mean over a disk.",
      .parameters = "radius 3, 4, 6, 8, 10 of 224 pixels",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
