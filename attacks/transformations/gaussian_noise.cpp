// SPDX-License-Identifier: MIT
// Gaussian noise, as a sensor has it in bad light.
//
// Method    x' = x + σ · N(0, 1) for every value
// Severity  σ = 0.08, 0.12, 0.18, 0.26, 0.38 of the range; one draw for all
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its σ

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kSigma{0.08, 0.12, 0.18, 0.26, 0.38};

void apply(Image& image, std::size_t severity, Rng& rng) {
  for (double& value : image.values) value += kSigma[severity - 1] * rng.normal();
}

}  // namespace

const CorruptionInfo& gaussian_noise_info() {
  static const CorruptionInfo info{
      .name = "gaussian-noise",
      .group = "noise",
      .summary = "Normal noise on every value.",
      .parameters = "σ = 0.08, 0.12, 0.18, 0.26, 0.38 of the range",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
