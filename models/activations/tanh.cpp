// SPDX-License-Identifier: MIT
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

/// tanh(z) = 2 σ(2z) - 1: a line of the sigmoid on [2l, 2u], with the rounding of 2t - 1.
bounds::Line turned(bounds::Line line, bounds::Side side) {
  const double widened = 4.0 * bounds::kEta * (1.0 + std::abs(line.intercept));
  const double t = 2.0 * line.intercept - 1.0;
  return {4.0 * line.slope, side == bounds::Side::kLower ? t - widened : t + widened};
}

bounds::Relaxation relax(double /*alpha*/, double l, double u, bounds::SlopeRule /*rule*/) {
  const bounds::Relaxation s = bounds::relax_sigmoid(2.0 * l, 2.0 * u);
  const auto halved = [](const bounds::Freedom& free) {
    return bounds::Freedom{0.5 * free.low, 0.5 * free.high, 0.5 * free.at};
  };
  return {.lower = turned(s.lower, bounds::Side::kLower),
          .upper = turned(s.upper, bounds::Side::kUpper),
          .low = std::max(-1.0, 2.0 * s.low - 1.0 - 4.0 * bounds::kEta),
          .high = std::min(1.0, 2.0 * s.high - 1.0 + 4.0 * bounds::kEta),
          .lower_freedom = halved(s.lower_freedom),
          .upper_freedom = halved(s.upper_freedom)};
}

bounds::Line line(double /*alpha*/, double slope, double l, double u, bounds::Side side) {
  return turned(bounds::line_of_sigmoid(0.25 * slope, 2.0 * l, 2.0 * u, side), side);
}

GIBBON_SIMD void follow(std::span<const double> theta, const bounds::Tangents& out) {
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const auto d = static_cast<float>(theta[i]);
    const float value = Tanh::value(0.0F, d);
    const float slope = 1.0F - value * value;
    out.slope[i] = static_cast<double>(slope);
    out.intercept[i] = static_cast<double>(value) - static_cast<double>(slope) * theta[i];
    out.slope_change[i] = static_cast<double>(-2.0F * value * slope);
  }
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
      .line = line,
      .follow = follow,
  };
  return info;
}

}  // namespace gibbon::models
