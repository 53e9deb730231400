// SPDX-License-Identifier: MIT
// Softplus: a smooth ReLU, Dugas et al. 2001.

#include <algorithm>
#include <cmath>

#include "models/activations/loops.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models {
namespace {

struct Softplus {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    // log(1 + e^z) = max(z, 0) + log(1 + e^-|z|): no overflow on either side
    return std::max(z, Float{0}) + std::log1p(kernels::exp_of(-std::abs(z)));
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float z, Float /*a*/) {
    // forward: a = log(1 + e^z), hence da/dz = e^z / (1 + e^z) = 1 / (1 + e^-z)
    return Float{1} / (Float{1} + kernels::exp_of(-z));
  }
};

GIBBON_ACTIVATION_LOOPS(Softplus)

}  // namespace

const ActivationInfo& softplus_info() {
  static const ActivationInfo info{
      .name = "softplus",
      .formula = "log(1 + e^z)",
      .derivative = "1 / (1 + e^-z)",
      .kink = "none",
      .onnx_op = "Softplus",
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
