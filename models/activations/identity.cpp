// SPDX-License-Identifier: MIT
// Identity: the network's raw output; with it alone, a network is linear.

#include "models/activations/loops.hpp"

namespace gibbon::models {
namespace {

struct Identity {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    return z;
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float /*z*/, Float /*a*/) {
    // forward: a = z
    return Float{1};
  }
};

GIBBON_ACTIVATION_LOOPS(Identity)

bounds::Relaxation relax(double /*alpha*/, double l, double u, bounds::SlopeRule /*rule*/) {
  return {.lower = {1.0, 0.0}, .upper = {1.0, 0.0}, .low = l, .high = u};
}

}  // namespace

const ActivationInfo& identity_info() {
  static const ActivationInfo info{
      .name = "identity",
      .formula = "z",
      .derivative = "1",
      .kink = "none",
      .onnx_op = "Identity",
      .trainable = true,
      .alpha = 0.0,
      .growth = Growth::kHinge,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
      .relax = relax,
  };
  return info;
}

}  // namespace gibbon::models
