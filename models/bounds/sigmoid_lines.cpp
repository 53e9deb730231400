// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "base/simd.hpp"
#include "models/bounds/relaxation.hpp"
#include "models/bounds/rounding.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::models::bounds {
namespace {

constexpr double kPoint = 1e-9;  // too short for a chord to mean anything

double sigmoid(double z) {
  if (z >= 0.0) return 1.0 / (1.0 + std::exp(-z));
  const double e = std::exp(z);
  return e / (1.0 + e);
}

double slope_of(double z) { return sigmoid(z) * sigmoid(-z); }

/// The tangent point d beyond 0, seen from `end` on the other side of it, where the tangent passes
/// through (end, σ(end)); every point farther from 0, up to `far`, keeps its tangent on the right
/// side of σ, and the one that is returned is such a point. Each step halves the rest; what is left
/// costs tightness alone.
double tangent_through(double end, double far) {
  constexpr int kSteps = 20;
  const double target = sigmoid(end);
  const double sign = far > 0.0 ? 1.0 : -1.0;
  double near = 0.0;
  for (int step = 0; step < kSteps; ++step) {
    const double middle = near + 0.5 * (far - near);
    const double value = sigmoid(middle);
    const double reached = value + value * (1.0 - value) * (end - middle);
    (sign * (reached - target) >= 0.0 ? far : near) = middle;
  }
  return far;
}

/// The line of one side, by its slope: the chord, or a tangent at a point that is free.
struct Choice {
  double slope = 0.0;
  Freedom free;
};

Choice tangent(double low, double high, double at) { return {slope_of(at), {low, high, at}}; }

Choice choose(double l, double u, double chord, Side side) {
  if (u - l < kPoint) return {};
  // The upper line of σ is the lower one of its mirror image about the origin.
  const double start = side == Side::kLower ? l : u;
  const double end = side == Side::kLower ? u : l;
  if (side == Side::kLower ? l >= 0.0 : u <= 0.0) return {chord, {}};  // concave, or convex
  if (l >= 0.0 || u <= 0.0) return tangent(l, u, 0.5 * l + 0.5 * u);
  if (slope_of(start) >= chord) return {chord, {}};
  const double through = tangent_through(end, start);
  return tangent(std::min(start, through), std::max(start, through), through);
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
  if (!(std::isfinite(l) && std::isfinite(u) && l <= u)) return unknown_relaxation();
  Relaxation out{.low = std::max(0.0, sigmoid(l) - 8.0 * kEta),
                 .high = std::min(1.0, sigmoid(u) + 8.0 * kEta)};
  // u - l may overflow to infinity: the chord is flat then, which is as sound as any slope.
  const double chord = (sigmoid(u) - sigmoid(l)) / (u - l);
  const Choice lower = choose(l, u, chord, Side::kLower);
  const Choice upper = choose(l, u, chord, Side::kUpper);
  out.lower = line_of_sigmoid(lower.slope, l, u, Side::kLower);
  out.upper = line_of_sigmoid(upper.slope, l, u, Side::kUpper);
  out.lower_freedom = lower.free;
  out.upper_freedom = upper.free;
  return out;
}

Line line_of_sigmoid(double slope, double l, double u, Side side) {
  if (u - l < kPoint) slope = 0.0;
  const double rho = std::clamp(slope, 0.0, 0.25);
  return {rho, intercept(rho, l, u, side == Side::kLower ? 1.0 : -1.0)};
}

// In float32, whose exponential vectorises: a search needs no more.
GIBBON_SIMD void follow_sigmoid(std::span<const double> theta, const Tangents& out) {
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const auto d = static_cast<float>(theta[i]);
    const float value = 1.0F / (1.0F + kernels::exp_of(-d));
    const float slope = value * (1.0F - value);
    out.slope[i] = static_cast<double>(slope);
    out.intercept[i] = static_cast<double>(value) - static_cast<double>(slope) * theta[i];
    out.slope_change[i] = static_cast<double>(slope * (1.0F - 2.0F * value));
  }
}

}  // namespace gibbon::models::bounds
