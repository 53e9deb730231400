// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "base/tensor.hpp"
#include "eval/lab/crosscheck.hpp"

// How two results are held against each other; crosscheck.cpp says where the tolerances come from.
namespace gibbon::eval::lab {

inline constexpr double kUnits = 16.0;  ///< several layers, and other orders of summation
/// Rounding is near 1e-15, a wrong formula near 1.
inline constexpr double kFloat64Tolerance = 1e-10;

using Numbers = std::span<const double>;

inline double largest(Numbers values) {
  double top = 0.0;
  for (const double value : values) top = std::max(top, std::abs(value));
  return top;
}

inline bool all_finite(Numbers values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

template <class To, class From>
TensorOf<To> converted(RowsOf<From> rows) {
  TensorOf<To> copy(rows.rows, rows.cols);
  std::ranges::transform(rows.flat(), copy.flat().begin(),
                         [](From value) { return static_cast<To>(value); });
  return copy;
}

/// u of the number format.
inline double roundoff(models::Precision precision) {
  return precision == models::Precision::kFloat32 ? 0x1p-24 : 0x1p-53;
}

/// One line; entry k may differ by allowed(k).
template <class Allowed>
CrosscheckLine compare(std::string name, models::Precision precision, Numbers ours, Numbers theirs,
                       const Allowed& allowed) {
  expect_size("crosscheck: size of our result", ours.size(), theirs.size());
  CrosscheckLine line{.name = std::move(name), .precision = precision, .ok = true};
  if (!all_finite(ours) || !all_finite(theirs)) {
    line.difference = line.relative = std::numeric_limits<double>::quiet_NaN();
    line.ok = false;
    line.note = "not finite";
    return line;
  }
  const double scale = largest(theirs);
  double worst = -1.0;  // largest share of what is allowed; the line shows the tolerance there
  for (std::size_t k = 0; k < ours.size(); ++k) {
    const double difference = std::abs(ours[k] - theirs[k]);
    line.difference = std::max(line.difference, difference);
    const double share = difference == 0.0 ? 0.0 : difference / allowed(k);
    if (share <= worst) continue;
    worst = share;
    line.tolerance = scale == 0.0 ? allowed(k) : allowed(k) / scale;
    line.ok = share <= 1.0;
  }
  line.relative = line.difference == 0.0 ? 0.0 : line.difference / scale;
  return line;
}

/// Of a sum of `longest` products over the largest number of the tensor.
inline double relative_tolerance(models::Precision precision, std::size_t longest) {
  if (precision == models::Precision::kFloat64) return kFloat64Tolerance;
  return kUnits * std::sqrt(static_cast<double>(longest)) * roundoff(precision);
}

}  // namespace gibbon::eval::lab
