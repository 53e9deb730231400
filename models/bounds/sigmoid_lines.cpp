#include <algorithm>
#include <cmath>

#include "models/bounds/relaxation.hpp"
#include "models/bounds/rounding.hpp"

namespace gibbon::models {
namespace {

double sigmoid(double z) {
  if (z >= 0.0) return 1.0 / (1.0 + std::exp(-z));
  const double e = std::exp(z);
  return e / (1.0 + e);
}

double slope_of(double z) { return sigmoid(z) * sigmoid(-z); }

/// The tangent point d beyond 0, seen from `end` on the other side of it, where the tangent passes
/// through (end, σ(end)); every point farther from 0, up to `far`, keeps its tangent on the right
/// side of σ, and the one that is returned is such a point.
double tangent_through(double end, double far) {
  const double target = sigmoid(end);
  const double sign = far > 0.0 ? 1.0 : -1.0;
  double near = 0.0;
  for (int step = 0; step < 60; ++step) {
    const double middle = near + 0.5 * (far - near);
    const double reached = sigmoid(middle) + slope_of(middle) * (end - middle);
    (sign * (reached - target) >= 0.0 ? far : near) = middle;
  }
  return far;
}

/// Slopes of the two lines; what they are is a question of tightness alone.
struct Slopes {
  double lower;
  double upper;
};

Slopes slopes_on(double l, double u) {
  const double chord = (sigmoid(u) - sigmoid(l)) / (u - l);
  const double tangent = slope_of(0.5 * l + 0.5 * u);
  if (l >= 0.0) return {chord, tangent};
  if (u <= 0.0) return {tangent, chord};
  return {slope_of(l) >= chord ? chord : slope_of(tangent_through(u, l)),
          slope_of(u) >= chord ? chord : slope_of(tangent_through(l, u))};
}

/// The least (sign 1) or largest (sign -1) of σ(z) - ρ z over [l, u], moved outward. The stationary
/// points are where σ' = ρ: one left of 0, where σ is convex, and its mirror image.
double intercept(double rho, double l, double u, double sign) {
  const auto above = [rho](double z) { return sigmoid(z) - rho * z; };
  double best = std::min(sign * above(l), sign * above(u));
  const double q = 2.0 * rho / (1.0 + std::sqrt(1.0 - 4.0 * rho));
  const double stationary = sign * std::log(q / (1.0 - q));
  if (stationary > l && stationary < u) best = std::min(best, sign * above(stationary));
  return sign * (best - 8.0 * kEta * (1.0 + rho * std::max(std::abs(l), std::abs(u))));
}

}  // namespace

Relaxation relax_sigmoid(double l, double u) {
  constexpr double kPoint = 1e-9;  // too short for a chord to mean anything
  if (!(std::isfinite(l) && std::isfinite(u) && l <= u)) return unknown_relaxation();
  Relaxation out{.low = std::max(0.0, sigmoid(l) - 8.0 * kEta),
                 .high = std::min(1.0, sigmoid(u) + 8.0 * kEta)};
  if (u - l < kPoint) {
    out.lower = {0.0, out.low};
    out.upper = {0.0, out.high};
    return out;
  }
  // u - l may overflow to infinity: the chord is flat then, which is as sound as any slope.
  const Slopes slopes = slopes_on(l, u);
  const double lower = std::clamp(slopes.lower, 0.0, 0.25);
  const double upper = std::clamp(slopes.upper, 0.0, 0.25);
  out.lower = {lower, intercept(lower, l, u, 1.0)};
  out.upper = {upper, intercept(upper, l, u, -1.0)};
  return out;
}

}  // namespace gibbon::models
