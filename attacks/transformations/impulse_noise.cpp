// SPDX-License-Identifier: MIT
// Impulse noise: salt and pepper, as bit errors leave it.
//
// Method    every value becomes 0 with probability c / 2 and 1 with probability c / 2
// Severity  c = 0.03, 0.06, 0.09, 0.17, 0.27; a value hit at one severity is hit at all higher ones
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its c

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kAmount{0.03, 0.06, 0.09, 0.17, 0.27};

void apply(Image& image, std::size_t severity, Rng& rng) {
  const double half = kAmount[severity - 1] / 2.0;
  for (double& value : image.values) {
    const double u = rng.unit();
    if (u < half) value = 0.0;
    if (u >= 1.0 - half) value = 1.0;
  }
}

}  // namespace

const CorruptionInfo& impulse_noise_info() {
  static const CorruptionInfo info{
      .name = "impulse-noise",
      .group = "noise",
      .summary = "Salt and pepper.",
      .parameters = "a share of 0.03, 0.06, 0.09, 0.17, 0.27 of the values",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
