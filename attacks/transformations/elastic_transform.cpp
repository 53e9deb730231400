// SPDX-License-Identifier: MIT
// Elastic transform: pixels move as on a rubber sheet.
//
// Method    x'(p) = x(p + d(p)), bilinear; d is uniform noise blurred with σ, scaled so that the
//           root of the mean square of each coordinate is α
// Severity  α = 0.01, 0.02, 0.03, 0.04, 0.05 of the side; σ = 0.08 of it; one field for all
// Source    Simard, Steinkraus & Platt 2003, section 2; ImageNet-C, Hendrycks & Dietterich 2019,
//           arXiv:1903.12261
// Differs   α is what pixels move, whatever the blur leaves of the noise; the source adds a random
//           affine map and changes σ with the severity

#include <cmath>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kShift{0.01, 0.02, 0.03, 0.04, 0.05};

/// Displacements of one coordinate with mean square 1.
Image field(const Image& image, Rng& rng) {
  Image out(image.height, image.width, 1);
  for (double& value : out.values) value = 2.0 * rng.unit() - 1.0;
  out = gaussian_blur(out, 0.08 * image.side());
  double square = 0.0;
  for (const double value : out.values) square += value * value;
  const double root = std::sqrt(square / static_cast<double>(out.values.size()));
  for (double& value : out.values) value /= root;
  return out;
}

void apply(Image& image, std::size_t severity, Rng& rng) {
  const Image down = field(image, rng);
  const Image across = field(image, rng);
  const double shift = kShift[severity - 1] * image.side();
  const Image clean = image;
  for (std::size_t r = 0; r < image.height; ++r) {
    for (std::size_t c = 0; c < image.width; ++c) {
      for (std::size_t k = 0; k < image.channels; ++k) {
        image.at(r, c, k) = sample(clean, static_cast<double>(r) + shift * down.at(r, c, 0),
                                   static_cast<double>(c) + shift * across.at(r, c, 0), k);
      }
    }
  }
}

}  // namespace

const CorruptionInfo& elastic_transform_info() {
  static const CorruptionInfo info{
      .name = "elastic-transform",
      .group = "digital",
      .summary = "Pixels move smoothly, as on a rubber sheet.",
      .parameters = "by 0.01, 0.02, 0.03, 0.04, 0.05 of the side",
      .source = "Simard et al. 2003; Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
