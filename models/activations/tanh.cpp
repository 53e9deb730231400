// Hyperbolic tangent: a sigmoid stretched to (-1, 1).

#include <algorithm>
#include <cmath>

#include "models/activations/loops.hpp"
#include "models/bounds/rounding.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models {
namespace {

struct Tanh {
  template <class Float>
  [[gnu::always_inline]] static Float value(Float /*alpha*/, Float z) {
    if constexpr (sizeof(Float) == sizeof(double)) return std::tanh(z);
    // tanh(z) = (1 - e) / (1 + e), e = e^-2|z|; near 0 that cancels, so below 1/2 the odd Taylor
    // polynomial, whose next term is below half a unit in the last place there.
    const Float size = std::abs(z);
    const Float e = kernels::exp_of(Float{-2} * size);
    const Float far = (Float{1} - e) / (Float{1} + e);
    const Float s = z * z;
    auto near = Float(-929569.0 / 638512875.0);
    near = near * s + Float(21844.0 / 6081075.0);
    near = near * s + Float(-1382.0 / 155925.0);
    near = near * s + Float(62.0 / 2835.0);
    near = near * s + Float(-17.0 / 315.0);
    near = near * s + Float(2.0 / 15.0);
    near = near * s + Float(-1.0 / 3.0);
    near = size + size * s * near;
    return std::copysign(size < Float(0.5) ? near : far, z);
  }
  template <class Float>
  [[gnu::always_inline]] static Float slope(Float /*alpha*/, Float /*z*/, Float a) {
    // forward: a = tanh(z), hence da/dz = 1 - a^2
    return Float{1} - a * a;
  }
};

GIBBON_ACTIVATION_LOOPS(Tanh)

/// tanh(z) = 2 σ(2z) - 1: the sigmoid's lines on [2l, 2u], with the rounding of 2t - 1.
Relaxation relax(double /*alpha*/, double l, double u, SlopeRule /*rule*/) {
  const Relaxation s = relax_sigmoid(2.0 * l, 2.0 * u);
  const auto turned = [](Line line, double outward) {
    const double widened = 4.0 * kEta * (1.0 + std::abs(line.intercept));
    return Line{4.0 * line.slope, 2.0 * line.intercept - 1.0 + outward * widened};
  };
  return {.lower = turned(s.lower, -1.0),
          .upper = turned(s.upper, 1.0),
          .low = std::max(-1.0, 2.0 * s.low - 1.0 - 4.0 * kEta),
          .high = std::min(1.0, 2.0 * s.high - 1.0 + 4.0 * kEta)};
}

}  // namespace

const ActivationInfo& tanh_info() {
  static const ActivationInfo info{
      .name = "tanh",
      .formula = "(e^z - e^-z) / (e^z + e^-z)",
      .derivative = "1 - tanh(z)^2",
      .kink = "none",
      .onnx_op = "Tanh",
      .trainable = true,
      .alpha = 0.0,
      .growth = Growth::kMonotone,
      .forward = forward,
      .forward64 = forward64,
      .backward = backward,
      .backward64 = backward64,
      .relax = relax,
  };
  return info;
}

}  // namespace gibbon::models
