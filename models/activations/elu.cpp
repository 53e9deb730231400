// SPDX-License-Identifier: MIT
// ELU: falls smoothly towards -alpha where ReLU is dead, Clevert, Unterthiner & Hochreiter 2015,
// arXiv:1511.07289.

#include <cmath>

#include "models/activations/loops.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models {
namespace {

struct Elu {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float alpha, Float z) {
    return z > Float{0} ? z : alpha * std::expm1(z);
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float alpha, Float z, Float /*a*/) {
    // forward: a = z if z > 0 else alpha (e^z - 1), hence da/dz = 1 or alpha e^z
    return z > Float{0} ? Float{1} : alpha * kernels::exp_of(z);
  }
};

GIBBON_ACTIVATION_LOOPS(Elu)

}  // namespace

const ActivationInfo& elu_info() {
  static const ActivationInfo info{
      .name = "elu",
      .formula = "z if z > 0, else alpha · (e^z - 1)",
      .derivative = "1 if z > 0, else alpha · e^z",
      .kink = "alpha at z = 0, as in LibTorch; none for alpha = 1",
      .onnx_op = "Elu",
      .trainable = true,
      .alpha = 1.0,
      .growth = Growth::kMonotone,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
  };
  return info;
}

}  // namespace gibbon::models
