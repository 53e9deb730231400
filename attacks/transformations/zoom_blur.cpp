// SPDX-License-Identifier: MIT
// Zoom blur: the camera came nearer while the shutter was open.
//
// Method    x' = mean of x and of x enlarged about its centre by 1, 1 + s, 1 + 2 s, … up to z
// Severity  z = 1.10, 1.15, 1.20, 1.24, 1.30; s = 0.01, 0.01, 0.02, 0.02, 0.03
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its numbers

#include <cmath>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::array<int, kSeverities> kSteps{10, 15, 10, 12, 10};
constexpr PerSeverity kStep{0.01, 0.01, 0.02, 0.02, 0.03};

void apply(Image& image, std::size_t severity, Rng& /*rng*/) {
  const Image clean = image;
  const double middle = static_cast<double>(image.height - 1) / 2.0;
  const double centre = static_cast<double>(image.width - 1) / 2.0;
  const int steps = kSteps[severity - 1];
  for (std::size_t r = 0; r < image.height; ++r) {
    for (std::size_t c = 0; c < image.width; ++c) {
      for (std::size_t k = 0; k < image.channels; ++k) {
        double sum = clean.at(r, c, k);
        for (int i = 0; i <= steps; ++i) {
          const double zoom = 1.0 + kStep[severity - 1] * i;
          sum += sample(clean, middle + (static_cast<double>(r) - middle) / zoom,
                        centre + (static_cast<double>(c) - centre) / zoom, k);
        }
        image.at(r, c, k) = sum / (steps + 2);
      }
    }
  }
}

}  // namespace

const CorruptionInfo& zoom_blur_info() {
  static const CorruptionInfo info{
      .name = "zoom-blur",
      .group = "blur",
      .summary = "Mean of the picture at rising zoom.",
      .parameters = "zoom up to 1.10, 1.15, 1.20, 1.24, 1.30",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
