// SPDX-License-Identifier: MIT
#include "models/bounds/row_sums.hpp"

#include <cmath>

#include "base/lanes.hpp"
#include "base/simd.hpp"

namespace gibbon::models::bounds {

// No `c < 0 ? low[j] : high[j]` in here: at -O3, g++ 12 vectorises a choice between two loads in
// lanes to wrong values (row_sums_test.cpp would see it). Products of both are chosen from instead.

GIBBON_SIMD Added cross_activation(const Lines& lines, std::span<const double> bias,
                                   std::span<const double> weight, std::span<double> row) {
  const std::size_t size = row.size();
  const double* const lower_intercept = lines.lower_intercept.data();
  const double* const upper_intercept = lines.upper_intercept.data();
  const double* const lower_slope = lines.lower_slope.data();
  const double* const upper_slope = lines.upper_slope.data();
  const double* const b = bias.data();
  const double* const w = weight.data();
  double* const c = row.data();
  // One of both parts is 0 and adds nothing; a NaN stays in the second.
  const auto along = [](double value, double lower, double upper) {
    const double positive = value > 0.0 ? value : 0.0;
    return positive * lower + (value - positive) * upper;
  };
  Added out;
  const auto intercept = [=](std::size_t i) {
    return along(c[i], lower_intercept[i], upper_intercept[i]);
  };
  out.constant = sum_in_lanes(size, intercept);
  out.magnitude = sum_in_lanes(size, [=](std::size_t i) { return std::abs(intercept(i)); });
  for (std::size_t i = 0; i < size; ++i) c[i] = along(c[i], lower_slope[i], upper_slope[i]);
  out.constant += sum_in_lanes(size, [=](std::size_t i) { return c[i] * b[i]; });
  out.magnitude += sum_in_lanes(size, [=](std::size_t i) { return std::abs(c[i] * b[i]); });
  out.error = sum_in_lanes(size, [=](std::size_t i) { return std::abs(c[i]) * w[i]; });
  return out;
}

GIBBON_SIMD double least_in_box(std::span<const double> c, std::span<const double> low,
                                std::span<const double> high) {
  return sum_in_lanes(c.size(),
                      [c = c.data(), low = low.data(), high = high.data()](std::size_t j) {
                        const double at_low = c[j] * low[j];
                        const double at_high = c[j] * high[j];
                        return at_low < at_high ? at_low : at_high;
                      });
}

GIBBON_SIMD double dot(std::span<const double> c, std::span<const double> x) {
  return sum_in_lanes(c.size(),
                      [c = c.data(), x = x.data()](std::size_t j) { return c[j] * x[j]; });
}

GIBBON_SIMD double size_within(std::span<const double> c, std::span<const double> size) {
  return sum_in_lanes(c.size(), [c = c.data(), size = size.data()](std::size_t j) {
    return std::abs(c[j]) * size[j];
  });
}

GIBBON_SIMD double euclidean_length(std::span<const double> c, std::span<const double> scale) {
  return std::sqrt(sum_in_lanes(c.size(), [c = c.data(), scale = scale.data()](std::size_t j) {
    return c[j] / scale[j] * (c[j] / scale[j]);
  }));
}

GIBBON_SIMD double largest_size(std::span<const double> c, std::span<const double> scale) {
  return largest_in_lanes(c.size(), [c = c.data(), scale = scale.data()](std::size_t j) {
    return std::abs(c[j] / scale[j]);
  });
}

}  // namespace gibbon::models::bounds
