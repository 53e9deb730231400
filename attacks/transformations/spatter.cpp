// SPDX-License-Identifier: MIT
// Spatter: drops of water on the lens. In the place of ImageNet-C's frost, which is cut from
// photographs.
//
// Method    x' = (1 - m) x + m · pale turquoise; m = 0.9 where a blurred normal field of standard
//           deviation 1 lies above t, falling to 0 over 0.3 below it
// Severity  t = 1.6, 1.3, 1.0, 0.8, 0.6; one field for all, so drops stay and grow. The blur's σ is
//           side / 20
// Source    ImageNet-C's extra corruptions, Hendrycks & Dietterich 2019, arXiv:1903.12261, and
//           MNIST-C, Mu & Gilmer 2019, arXiv:1906.02337
// Differs   drops have no light edge, and there is water at all severities, no mud

#include <cmath>
#include <numeric>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kThreshold{1.6, 1.3, 1.0, 0.8, 0.6};
constexpr double kOpacity = 0.9;
constexpr double kEdge = 0.3;
constexpr std::array kWater{175.0 / 255.0, 238.0 / 255.0, 238.0 / 255.0};
constexpr double kGreyWater = 0.299 * kWater[0] + 0.587 * kWater[1] + 0.114 * kWater[2];

void apply(Image& image, std::size_t severity, Rng& rng) {
  Image field(image.height, image.width, 1);
  for (double& value : field.values) value = rng.normal();
  field = gaussian_blur(field, image.side() / 20.0);
  const auto count = static_cast<double>(field.values.size());
  const double mean = std::accumulate(field.values.begin(), field.values.end(), 0.0) / count;
  double square = 0.0;
  for (const double value : field.values) square += (value - mean) * (value - mean) / count;
  const double spread = std::sqrt(square);
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    const double height = spread > 0.0 ? (field.values[i] - mean) / spread : 0.0;
    const double cover =
        kOpacity * std::clamp((height - kThreshold[severity - 1]) / kEdge + 1.0, 0.0, 1.0);
    for (std::size_t k = 0; k < image.channels; ++k) {
      double& value = image.values[i * image.channels + k];
      value += cover * ((image.channels == 1 ? kGreyWater : kWater[k]) - value);
    }
  }
}

}  // namespace

const CorruptionInfo& spatter_info() {
  static const CorruptionInfo info{
      .name = "spatter",
      .group = "weather",
      .summary = "Drops of water on the lens.",
      .parameters = "drops above 1.6, 1.3, 1.0, 0.8, 0.6 standard deviations of a normal field",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261; Mu & Gilmer 2019, arXiv:1906.02337",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
