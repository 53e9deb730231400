// SPDX-License-Identifier: MIT
// SiLU, or Swish: z times its own sigmoid, Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2.

#include "models/activations/loops.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models {
namespace {

struct Silu {
  /// σ(alpha z); 0 where exp_of() stops falling, or a large z times what is left would not be
  /// small.
  template <class Float>
  [[gnu::always_inline]] static Float gate(Float alpha, Float z) {
    const Float inside = alpha * z;
    const Float sigmoid = Float{1} / (Float{1} + kernels::exp_of(-inside));
    return inside < Float{-87} ? Float{0} : sigmoid;
  }
  template <class Float>
  [[gnu::always_inline]] static Float value(Float alpha, Float z) {
    return z * gate(alpha, z);
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float alpha, Float z, Float a) {
    // forward: a = z σ(alpha z), hence da/dz = σ + alpha z σ (1 - σ) = σ + alpha a (1 - σ)
    const Float sigmoid = gate(alpha, z);
    return sigmoid + alpha * a * (Float{1} - sigmoid);
  }
};

GIBBON_ACTIVATION_LOOPS(Silu)

}  // namespace

const ActivationInfo& silu_info() {
  static const ActivationInfo info{
      .name = "silu",
      .formula = "z · σ(alpha · z)",
      .derivative = "σ + alpha · z · σ · (1 - σ), σ = σ(alpha · z)",
      .kink = "none",
      .onnx_op = "Swish",
      .trainable = true,
      .alpha = 1.0,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
  };
  return info;
}

}  // namespace gibbon::models
