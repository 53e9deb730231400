// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "models/bounds/relaxation.hpp"
#include "models/bounds/rounding.hpp"

namespace gibbon::models::bounds {

Relaxation unknown_relaxation() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  return {{kNan, kNan}, {kNan, kNan}, kNan, kNan};
}

Relaxation relax_hinge(double a, double l, double u, SlopeRule rule) {
  if (!(a >= 0.0 && a <= 1.0 && std::isfinite(l) && std::isfinite(u) && l <= u)) {
    return unknown_relaxation();
  }
  const auto value = [a](double z) { return z > 0.0 ? z : a * z; };
  Relaxation out{.low = outward_low(value(l)), .high = outward_high(value(u))};
  if (a == 0.0) {  // no product, no rounding
    out.low = value(l);
    out.high = value(u);
  }
  if (l >= 0.0) {
    out.lower = out.upper = {1.0, 0.0};
    return out;
  }
  if (u <= 0.0) {
    out.lower = out.upper = {a, 0.0};
    return out;
  }
  // Halves, so that u - l cannot overflow.
  const double s = (0.5 * u - a * (0.5 * l)) / (0.5 * u - 0.5 * l);
  out.upper = line_of_hinge(a, s, l, u, Side::kUpper);
  const double steep = u > -l ? 1.0 : a;
  out.lower = {rule == SlopeRule::kFastLin ? out.upper.slope : steep, 0.0};
  out.lower_freedom = {a, 1.0, out.lower.slope};
  return out;
}

Line line_of_hinge(double a, double slope, double l, double u, Side side) {
  if (l >= 0.0) return {1.0, 0.0};
  if (u <= 0.0) return {a, 0.0};
  const double s = std::clamp(slope, a, 1.0);
  if (side == Side::kLower) return {s, 0.0};
  // The chord's slope may be rounded: for any s in [a, 1], s z + t is above both ends for this t,
  // and the hinge is convex.
  return {s, std::max((a - s) * l, (1.0 - s) * u) * (1.0 + 8.0 * kEta) + kTiny};
}

}  // namespace gibbon::models::bounds
