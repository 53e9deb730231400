// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "models/bounds/row_sums.hpp"

// The plain loops of optimised bounds, along one row of neurons or inputs.
namespace gibbon::eval::verify {

/// Backward through σ and the bias: coefficients λ of σ(z) become μ_i = λ_i ρ_i of W a, by the
/// lower line where λ_i > 0, else the upper one. `mu` is overwritten; what is returned is Σ λ_i t_i
/// + μ_i b_i.
[[nodiscard]] double cross(const models::bounds::Lines& lines, std::span<const double> bias,
                           std::span<const double> lambda, std::span<double> mu);

/// Forward along the same lines: z += bias, h_i = ρ_i z_i + t_i.
void pass(const models::bounds::Lines& lines, std::span<const double> bias,
          std::span<const double> lambda, std::span<double> z, std::span<double> h);

/// x_j: the end of [low_j, high_j] where c_j x_j is least, to within a rounding; returns
/// Σ min c_j x_j.
[[nodiscard]] double least_corner(std::span<const double> c, std::span<const double> low,
                                  std::span<const double> high, std::span<double> x);

/// Adam's state of one row of parameters that stay within [low, high].
struct Climb {
  std::span<const double> low;
  std::span<const double> high;
  std::span<double> parameter;
  std::span<double> first;  ///< moments of the gradient
  std::span<double> second;
  double rate = 0.0;  ///< of a step, in parts of high - low
  int step = 1;       ///< 1-based
};

/// Ascends along λ_i z_i where λ_i > 0: the slopes of lower lines through the origin.
void climb_slopes(std::span<const double> lambda, std::span<const double> z, const Climb& climb);

/// Ascends along λ_i ρ'_i (z_i - θ_i) where sign · λ_i > 0: points at which a line touches σ, the
/// lower lines (sign 1) or the upper ones (sign -1).
void climb_points(double sign, std::span<const double> lambda, std::span<const double> z,
                  std::span<const double> slope_change, const Climb& climb);

/// to_i = from_i where low_i < high_i.
void take_free(std::span<const double> low, std::span<const double> high,
               std::span<const double> from, std::span<double> to);

}  // namespace gibbon::eval::verify
