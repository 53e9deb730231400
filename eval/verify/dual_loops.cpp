// SPDX-License-Identifier: MIT
#include "eval/verify/dual_loops.hpp"

#include <cmath>

#include "base/lanes.hpp"
#include "base/simd.hpp"

// As in models/bounds/row_sums.cpp: no choice between two loads in a sum, which g++ 12 vectorises
// to wrong values; products of both are chosen from.
namespace gibbon::eval::verify {
namespace {

constexpr double kDecayFirst = 0.9;
constexpr double kDecaySecond = 0.999;

[[gnu::always_inline]] inline double positive(double value) { return value > 0.0 ? value : 0.0; }

/// θ moved along the gradient g, and back into its range.
[[gnu::always_inline]] inline void move(double g, std::size_t i, const Climb& c, double first_scale,
                                        double second_scale) {
  const double first = kDecayFirst * c.first[i] + (1.0 - kDecayFirst) * g;
  const double second = kDecaySecond * c.second[i] + (1.0 - kDecaySecond) * g * g;
  c.first[i] = first;
  c.second[i] = second;
  const double low = c.low[i];
  const double high = c.high[i];
  const double moved = c.parameter[i] + c.rate * (high - low) * (first * first_scale) /
                                            (std::sqrt(second * second_scale) + 1e-12);
  const double above = moved > low ? moved : low;
  c.parameter[i] = above < high ? above : high;
}

}  // namespace

GIBBON_SIMD double cross(const models::bounds::Lines& lines, std::span<const double> bias,
                         std::span<const double> lambda, std::span<double> mu) {
  const double* const ls = lines.lower_slope.data();
  const double* const lt = lines.lower_intercept.data();
  const double* const us = lines.upper_slope.data();
  const double* const ut = lines.upper_intercept.data();
  const double* const l = lambda.data();
  const double* const b = bias.data();
  double* const out = mu.data();
  for (std::size_t i = 0; i < lambda.size(); ++i) {
    const double up = positive(l[i]);
    out[i] = up * ls[i] + (l[i] - up) * us[i];
  }
  return sum_in_lanes(lambda.size(), [=](std::size_t i) {
    const double up = positive(l[i]);
    return up * lt[i] + (l[i] - up) * ut[i] + out[i] * b[i];
  });
}

GIBBON_SIMD void pass(const models::bounds::Lines& lines, std::span<const double> bias,
                      std::span<const double> lambda, std::span<double> z, std::span<double> h) {
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double value = z[i] + bias[i];
    const double lower = lambda[i] > 0.0 ? 1.0 : 0.0;
    z[i] = value;
    h[i] = lower * (lines.lower_slope[i] * value + lines.lower_intercept[i]) +
           (1.0 - lower) * (lines.upper_slope[i] * value + lines.upper_intercept[i]);
  }
}

GIBBON_SIMD double least_corner(std::span<const double> c, std::span<const double> low,
                                std::span<const double> high, std::span<double> x) {
  for (std::size_t j = 0; j < c.size(); ++j) {
    const double at_low = c[j] > 0.0 ? 1.0 : 0.0;
    x[j] = at_low * low[j] + (1.0 - at_low) * high[j];
  }
  return sum_in_lanes(c.size(),
                      [c = c.data(), low = low.data(), high = high.data()](std::size_t j) {
                        const double first = c[j] * low[j];
                        const double second = c[j] * high[j];
                        return first < second ? first : second;
                      });
}

GIBBON_SIMD void climb_slopes(std::span<const double> lambda, std::span<const double> z,
                              const Climb& climb) {
  const double first_scale = 1.0 / (1.0 - std::pow(kDecayFirst, climb.step));
  const double second_scale = 1.0 / (1.0 - std::pow(kDecaySecond, climb.step));
  // forward: λ_i h_i = λ_i α_i z_i on the lower line
  for (std::size_t i = 0; i < z.size(); ++i) {
    move(positive(lambda[i]) * z[i], i, climb, first_scale, second_scale);
  }
}

GIBBON_SIMD void climb_points(double sign, std::span<const double> lambda,
                              std::span<const double> z, std::span<const double> slope_change,
                              const Climb& climb) {
  const double first_scale = 1.0 / (1.0 - std::pow(kDecayFirst, climb.step));
  const double second_scale = 1.0 / (1.0 - std::pow(kDecaySecond, climb.step));
  // forward: λ_i h_i = λ_i (σ(θ_i) + σ'(θ_i) (z_i - θ_i)), hence ∂/∂θ = λ_i σ''(θ_i) (z_i - θ_i)
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double own = sign * positive(sign * lambda[i]);
    move(own * slope_change[i] * (z[i] - climb.parameter[i]), i, climb, first_scale, second_scale);
  }
}

GIBBON_SIMD void take_free(std::span<const double> low, std::span<const double> high,
                           std::span<const double> from, std::span<double> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    const double taken = from[i];
    const double kept = to[i];
    to[i] = low[i] < high[i] ? taken : kept;
  }
}

}  // namespace gibbon::eval::verify
