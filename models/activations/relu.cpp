// SPDX-License-Identifier: MIT
// ReLU: rectified linear unit, Nair & Hinton 2010.

#include "models/activations/loops.hpp"

namespace gibbon::models {
namespace {

struct Relu {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    return z > Float{0} ? z : Float{0};
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float z, Float /*a*/) {
    // forward: a = max(z, 0)
    return z > Float{0} ? Float{1} : Float{0};
  }
};

GIBBON_ACTIVATION_LOOPS(Relu)

bounds::Relaxation relax(double /*alpha*/, double l, double u, bounds::SlopeRule rule) {
  return bounds::relax_hinge(0.0, l, u, rule);
}

bounds::Line line(double /*alpha*/, double slope, double l, double u, bounds::Side side) {
  return bounds::line_of_hinge(0.0, slope, l, u, side);
}

}  // namespace

const ActivationInfo& relu_info() {
  static const ActivationInfo info{
      .name = "relu",
      .formula = "max(z, 0)",
      .derivative = "1 if z > 0, else 0",
      .kink = "0 at z = 0, as in LibTorch",
      .onnx_op = "Relu",
      .trainable = true,
      .alpha = 0.0,
      .growth = Growth::kHinge,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
      .relax = relax,
      .line = line,
  };
  return info;
}

}  // namespace gibbon::models
