// SPDX-License-Identifier: MIT
// Sigmoid, the course's activation: squashes any number into (0, 1).

#include "models/activations/loops.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models {
namespace {

struct Sigmoid {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    return Float{1} / (Float{1} + kernels::exp_of(-z));
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float /*z*/, Float a) {
    // forward: a = 1 / (1 + e^-z), hence da/dz = e^-z / (1 + e^-z)^2 = a (1 - a)
    return a * (Float{1} - a);
  }
};

GIBBON_ACTIVATION_LOOPS(Sigmoid)

bounds::Relaxation relax(double /*alpha*/, double l, double u, bounds::SlopeRule /*rule*/) {
  return bounds::relax_sigmoid(l, u);
}

bounds::Line line(double /*alpha*/, double slope, double l, double u, bounds::Side side) {
  return bounds::line_of_sigmoid(slope, l, u, side);
}

}  // namespace

const ActivationInfo& sigmoid_info() {
  static const ActivationInfo info{
      .name = "sigmoid",
      .formula = "1 / (1 + e^-z)",
      .derivative = "σ(z) · (1 - σ(z))",
      .kink = "none",
      .onnx_op = "Sigmoid",
      .trainable = true,
      .alpha = 0.0,
      .growth = Growth::kMonotone,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
      .relax = relax,
      .line = line,
      .follow = bounds::follow_sigmoid,
  };
  return info;
}

}  // namespace gibbon::models
