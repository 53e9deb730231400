// SPDX-License-Identifier: MIT
// Contrast: everything nearer to the mean.
//
// Method    x' = (x - mean) · c + mean, the mean of each channel over the picture
// Severity  c = 0.4, 0.3, 0.2, 0.1, 0.05
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its c

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kContrast{0.4, 0.3, 0.2, 0.1, 0.05};

void apply(Image& image, std::size_t severity, Rng& /*rng*/) {
  const std::size_t pixels = image.height * image.width;
  for (std::size_t k = 0; k < image.channels; ++k) {
    double mean = 0.0;
    for (std::size_t i = 0; i < pixels; ++i) mean += image.values[i * image.channels + k];
    mean /= static_cast<double>(pixels);
    for (std::size_t i = 0; i < pixels; ++i) {
      double& value = image.values[i * image.channels + k];
      value = (value - mean) * kContrast[severity - 1] + mean;
    }
  }
}

}  // namespace

const CorruptionInfo& contrast_info() {
  static const CorruptionInfo info{
      .name = "contrast",
      .group = "digital",
      .summary = "Every value nearer to the mean of its channel.",
      .parameters = "0.4, 0.3, 0.2, 0.1, 0.05 of the contrast",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
