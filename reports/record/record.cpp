// SPDX-License-Identifier: MIT
#include "reports/record/record.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <stdexcept>

namespace gibbon::reports::record {
namespace {

double ratio(std::uint64_t k, std::uint64_t n) {
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(k) / static_cast<double>(n);
}

}  // namespace

// Wilson 1927: (k + z²/2 ± z · sqrt(k · (n − k) / n + z² / 4)) / (n + z²), z the 97.5 % normal
// quantile.
Interval wilson95(std::uint64_t k, std::uint64_t n) {
  constexpr double kZ = 1.959963984540054;
  if (k > n) throw std::logic_error(fmt::format("wilson95: k = {} is above n = {}", k, n));
  if (n == 0) return {};
  const auto hits = static_cast<double>(k);
  const auto total = static_cast<double>(n);
  const double centre = hits + kZ * kZ / 2.0;
  const double half = kZ * std::sqrt(hits * (total - hits) / total + kZ * kZ / 4.0);
  // The ends are exact in the formula, not in its rounding.
  return {.low = k == 0 ? 0.0 : std::max(0.0, (centre - half) / (total + kZ * kZ)),
          .high = k == n ? 1.0 : std::min(1.0, (centre + half) / (total + kZ * kZ))};
}

double quantile(std::span<const double> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const double part = at - static_cast<double>(low);
  // Not a - b: both may be infinite.
  if (part == 0.0 || sorted[low] == sorted[high]) return sorted[low];
  return sorted[low] + part * (sorted[high] - sorted[low]);
}

std::span<const SampleRecord> Run::records(std::size_t row) const {
  const auto before = [](const SampleRecord& r, std::size_t wanted) {
    return r.curve_row < wanted;
  };
  return {std::lower_bound(samples.begin(), samples.end(), row, before),
          std::lower_bound(samples.begin(), samples.end(), row + 1, before)};
}

double CurvePoint::accuracy() const { return ratio(correct, n); }

double CurvePoint::accuracy_on_clean_correct() const { return ratio(correct, clean_correct); }

}  // namespace gibbon::reports::record
