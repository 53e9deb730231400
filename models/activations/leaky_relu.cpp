// SPDX-License-Identifier: MIT
// Leaky ReLU: keeps a slope of alpha where ReLU is dead, Maas, Hannun & Ng 2013.

#include "models/activations/loops.hpp"

namespace gibbon::models {
namespace {

struct LeakyRelu {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float alpha, Float z) {
    return z > Float{0} ? z : alpha * z;
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float alpha, Float z, Float /*a*/) {
    // forward: a = z if z > 0 else alpha · z
    return z > Float{0} ? Float{1} : alpha;
  }
};

GIBBON_ACTIVATION_LOOPS(LeakyRelu)

bounds::Relaxation relax(double alpha, double l, double u, bounds::SlopeRule rule) {
  return bounds::relax_hinge(alpha, l, u, rule);
}

bounds::Line line(double alpha, double slope, double l, double u, bounds::Side side) {
  return bounds::line_of_hinge(alpha, slope, l, u, side);
}

}  // namespace

const ActivationInfo& leaky_relu_info() {
  static const ActivationInfo info{
      .name = "leaky-relu",
      .formula = "z if z > 0, else alpha · z",
      .derivative = "1 if z > 0, else alpha",
      .kink = "alpha at z = 0, as in LibTorch",
      .onnx_op = "LeakyRelu",
      .trainable = true,
      .alpha = 0.01,
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
