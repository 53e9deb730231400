// SPDX-License-Identifier: MIT
// Motion blur: the camera moved while the shutter was open.
//
// Method    mean over a one-sided Gaussian of σ that ends after 2 r pixels, in a direction drawn
//           between -45° and 45° from the horizontal
// Severity  r = 10, 15, 15, 15, 20 and σ = 3, 5, 8, 12, 15 pixels for a side of 224, in proportion
//           to the side; one direction for all
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its numbers
// Differs   bilinear between pixels, where the source goes to whole ones

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kRadius{10.0, 15.0, 15.0, 15.0, 20.0};
constexpr PerSeverity kSigma{3.0, 5.0, 8.0, 12.0, 15.0};

void apply(Image& image, std::size_t severity, Rng& rng) {
  const double scale = image.side() / 224.0;
  image = motion_blur(image, 2.0 * kRadius[severity - 1] * scale, kSigma[severity - 1] * scale,
                      90.0 * rng.unit() - 45.0);
}

}  // namespace

const CorruptionInfo& motion_blur_info() {
  static const CorruptionInfo info{
      .name = "motion-blur",
      .group = "blur",
      .summary = "Blur along a line.",
      .parameters = "σ = 3, 5, 8, 12, 15 of 224 pixels, cut after 20, 30, 30, 30, 40",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
