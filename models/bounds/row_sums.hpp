// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "base/norm.hpp"

// Sums along one row of coefficients, in lanes: the plain loops between the products of bounds.
namespace gibbon::models::bounds {

/// The lines of one layer in one region.
struct Lines {
  std::span<const double> lower_slope;
  std::span<const double> lower_intercept;
  std::span<const double> upper_slope;
  std::span<const double> upper_intercept;
};

/// What a row gains on its way through an activation and a bias.
struct Added {
  double constant = 0.0;
  double magnitude = 0.0;  ///< sum of the absolute values of the terms of `constant`
  double error = 0.0;
};

/// From coefficients λ of σ(z) to coefficients μ of W a in z = W a + b, in place: μ_i = λ_i ρ_i,
/// constant λ_i t_i + μ_i b_i, by the lower line where λ_i >= 0, else the upper one; error
/// |μ_i| · weight_i.
[[nodiscard]] Added cross_activation(const Lines& lines, std::span<const double> bias,
                                     std::span<const double> weight, std::span<double> row);

/// Least Σ_j c_j x_j over low_j <= x_j <= high_j.
[[nodiscard]] double least_in_box(std::span<const double> c, std::span<const double> low,
                                  std::span<const double> high);

[[nodiscard]] double dot(std::span<const double> c, std::span<const double> x);

/// Σ_j |c_j| size_j
[[nodiscard]] double size_within(std::span<const double> c, std::span<const double> size);

/// ||c / scale|| in l2, and the largest |c_j / scale_j|, which overlooks NaN.
[[nodiscard]] double euclidean_length(std::span<const double> c, std::span<const double> scale);
[[nodiscard]] double largest_size(std::span<const double> c, std::span<const double> scale);
/// ||c / scale|| in the dual of the norm, l2 or l1: how fast c falls per unit of a ball's radius.
[[nodiscard]] inline double dual_length(Norm norm, std::span<const double> c,
                                        std::span<const double> scale) {
  return norm == Norm::kL2 ? euclidean_length(c, scale) : largest_size(c, scale);
}

}  // namespace gibbon::models::bounds
