// SPDX-License-Identifier: MIT
// The error function: 2 Φ(√2 z) - 1 of the standard normal distribution function Φ. Files that
// spell out GELU have it: z · (1 + erf(z / √2)) / 2.

#include <cmath>
#include <numbers>

#include "models/activations/loops.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models {
namespace {

struct Erf {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    return std::erf(z);
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float z, Float /*a*/) {
    // forward: a = 2 / √π ∫_0^z e^(-t²) dt, hence da/dz = 2 / √π · e^(-z²)
    return Float{2} * std::numbers::inv_sqrtpi_v<Float> * kernels::exp_of(-z * z);
  }
};

GIBBON_ACTIVATION_LOOPS(Erf)

}  // namespace

const ActivationInfo& erf_info() {
  static const ActivationInfo info{
      .name = "erf",
      .formula = "2 / √π · ∫ e^(-t²) dt from 0 to z",
      .derivative = "2 / √π · e^(-z²)",
      .kink = "none",
      .onnx_op = "Erf",
      .trainable = true,
      .alpha = 0.0,
      .growth = Growth::kMonotone,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
  };
  return info;
}

}  // namespace gibbon::models
