// SPDX-License-Identifier: MIT
// Step (Heaviside): the first neuron model, McCulloch & Pitts 1943. Its derivative is 0 wherever it
// exists, so gradient descent has nothing to follow: forward only.
// Stored as ONNX HardSigmoid(alpha = largest float32, beta = 0) = clamp(alpha · z, 0, 1), which is
// the same function for every float32 but the subnormal ones.

#include <limits>

#include "models/activations/loops.hpp"

namespace gibbon::models {
namespace {

struct Step {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    return z > Float{0} ? Float{1} : Float{0};
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float /*z*/, Float /*a*/) {
    // forward: a = 1 if z > 0 else 0, flat on both sides
    return Float{0};
  }
};

GIBBON_ACTIVATION_LOOPS(Step)

}  // namespace

const ActivationInfo& step_info() {
  static const ActivationInfo info{
      .name = "step",
      .formula = "1 if z > 0, else 0",
      .derivative = "0",
      .kink = "0 at z = 0, where it jumps",
      .onnx_op = "HardSigmoid",
      .trainable = false,
      .alpha = std::numeric_limits<float>::max(),
      .growth = Growth::kMonotone,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
  };
  return info;
}

}  // namespace gibbon::models
