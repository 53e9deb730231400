// SPDX-License-Identifier: MIT
// Softmax cross-entropy: J = -log ŷ_y, ŷ = softmax(z).
//
// Stable     with a_j = z_j - z_y, M = max over j != y, S = Σ_{j != y} e^(a_j - M):
//            J = log(1 + e^M · S), computed as log1p when M <= 0 and as M + log(e^-M + S) above.
// Gradient   ∂J/∂z_j = ŷ_j for j != y, and ∂J/∂z_y = ŷ_y - 1 = -Σ_{j != y} ŷ_j. The second form
//            does not cancel: the first loses every digit once ŷ_y is within rounding of 1.
#include "models/output.hpp"

namespace gibbon::models {
namespace {

template <class Float>
double cross_entropy(Output /*output*/, std::span<const Float> z, std::size_t label,
                     std::span<Float> dz) {
  const auto own = static_cast<double>(z[label]);
  double top = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (j != label) top = std::max(top, static_cast<double>(z[j]) - own);
  }
  std::array<double, kMaxClasses> e;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  double others = 0.0;
  for (std::size_t j = 0; j < z.size(); ++j) {
    e[j] = j == label ? 0.0 : std::exp(static_cast<double>(z[j]) - own - top);
    others += e[j];
  }
  // forward: ŷ_j = e^(a_j) / (1 + Σ e^(a_i)); numerator and denominator scaled by e^-M if M > 0
  const double scale = top > 0.0 ? 1.0 : std::exp(top);
  const double total = top > 0.0 ? std::exp(-top) + others : 1.0 + scale * others;
  for (std::size_t j = 0; j < z.size(); ++j) dz[j] = static_cast<Float>(scale * e[j] / total);
  dz[label] = static_cast<Float>(-scale * others / total);
  return top > 0.0 ? top + std::log(std::exp(-top) + others) : std::log1p(scale * others);
}

}  // namespace

const LossInfo& cross_entropy_info() {
  static const LossInfo info{
      .name = "cross-entropy",
      .formula = "-log softmax(z)_y",
      .source = "Bridle 1990",
      .softmax_only = true,
      .usual_output = Output::kSoftmax,
      .evaluate = cross_entropy<float>,
      .evaluate64 = cross_entropy<double>,
  };
  return info;
}

}  // namespace gibbon::models
