// SPDX-License-Identifier: MIT
// Shot noise: light arrives in photons.
//
// Method    x' = Poisson(c · x) / c for every value, by inverting the distribution function
// Severity  c = 60, 25, 12, 5, 3 photons for white; one uniform draw per value for all
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, and MNIST-C, Mu & Gilmer
//           2019, arXiv:1906.02337, with their c

#include <cmath>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kPhotons{60.0, 25.0, 12.0, 5.0, 3.0};

/// The smallest k with P(Poisson(mean) <= k) > u.
double poisson(double mean, double u) {
  double probability = std::exp(-mean);
  double below = probability;
  double k = 0.0;
  // The sum may end a rounding below 1: far in the tail nothing is added any more.
  while (below <= u && (k < mean || probability > 1e-18)) {
    k += 1.0;
    probability *= mean / k;
    below += probability;
  }
  return k;
}

void apply(Image& image, std::size_t severity, Rng& rng) {
  const double photons = kPhotons[severity - 1];
  for (double& value : image.values) value = poisson(photons * value, rng.unit()) / photons;
}

}  // namespace

const CorruptionInfo& shot_noise_info() {
  static const CorruptionInfo info{
      .name = "shot-noise",
      .group = "noise",
      .summary = "Poisson noise of few photons.",
      .parameters = "60, 25, 12, 5, 3 photons for white",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
