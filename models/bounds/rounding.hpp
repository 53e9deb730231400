// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>

// Rounding of double arithmetic, for bounds that hold in real arithmetic.
namespace gibbon::models::bounds {

inline constexpr double kEta = 0x1p-53;  ///< half a unit in the last place of 1
inline constexpr double kTiny = 1e-300;  ///< more than what underflow can lose in any sum here

/// γ_n: relative error of a sum of n products, whatever the order, blocking or fusing.
[[nodiscard]] inline double gamma(std::size_t n) {
  const double rounded = static_cast<double>(n) * kEta;
  return rounded / (1.0 - rounded);
}

/// Below and above every real number that three roundings bring to `value`.
[[nodiscard]] inline double outward_low(double value) {
  return value - (8.0 * kEta * std::abs(value) + kTiny);
}
[[nodiscard]] inline double outward_high(double value) {
  return value + (8.0 * kEta * std::abs(value) + kTiny);
}

/// Ends of { x' : |x' - x| / share <= radius } and of what rounding takes for it; x where share is
/// 0.
[[nodiscard]] inline double low_end(double x, double radius, double share) {
  if (share == 0.0) return x;
  return outward_low(x - (share == 1.0 ? radius : outward_high(radius * share)));
}
[[nodiscard]] inline double high_end(double x, double radius, double share) {
  if (share == 0.0) return x;
  return outward_high(x + (share == 1.0 ? radius : outward_high(radius * share)));
}

/// A lower bound worked out in double: the bound in exact arithmetic is at least value - error, and
/// `error` itself is known to within a factor of two.
struct Bounded {
  double value = 0.0;
  double error = 0.0;

  /// Sound in real arithmetic; NaN or -infinity when nothing is known.
  [[nodiscard]] double low() const { return value - 2.0 * error; }
  /// Greater than 0 beyond all rounding. NaN and infinities never are.
  [[nodiscard]] bool positive() const {
    return std::isfinite(value) && std::isfinite(error) && low() > 0.0;
  }
};

}  // namespace gibbon::models::bounds
