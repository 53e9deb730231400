// SPDX-License-Identifier: MIT
// GELU: z times the probability that a standard normal lies below z, Hendrycks & Gimpel 2016,
// arXiv:1606.08415; the exact form, not the tanh approximation.

#include <cmath>
#include <numbers>

#include "models/activations/loops.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models {
namespace {

struct Gelu {
  /// Φ(z), the standard normal distribution function.
  template <class Float>
  [[gnu::always_inline]] static Float below(Float z) {
    return Float(0.5) * std::erfc(-z / std::numbers::sqrt2_v<Float>);
  }
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    return z * below(z);
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float z, Float /*a*/) {
    // forward: a = z · Φ(z), hence da/dz = Φ(z) + z · φ(z), φ(z) = e^(-z²/2) / √(2π)
    const Float density = kernels::exp_of(Float(-0.5) * z * z) *
                          static_cast<Float>(std::numbers::inv_sqrtpi / std::numbers::sqrt2);
    return below(z) + z * density;
  }
};

GIBBON_ACTIVATION_LOOPS(Gelu)

}  // namespace

const ActivationInfo& gelu_info() {
  static const ActivationInfo info{
      .name = "gelu",
      .formula = "z · Φ(z)",
      .derivative = "Φ(z) + z · φ(z)",
      .kink = "none",
      .onnx_op = "Gelu",
      .trainable = true,
      .alpha = 0.0,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
  };
  return info;
}

}  // namespace gibbon::models
