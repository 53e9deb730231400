// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::page {

inline constexpr std::size_t kConfidenceBins = 20;  // of 0.05

/// What the records of one row of the curve say beyond its counts.
struct RowDetails {
  bool known = false;  ///< the run has a record of every sample of the row
  /// (true class, class said) of the samples that are not correct. Sums to n - correct.
  std::map<std::pair<int, int>, std::uint64_t> became;
  /// The model's confidence in what it says: of samples still right, of samples fooled at this ε.
  std::array<std::uint64_t, kConfidenceBins> right{};
  std::array<std::uint64_t, kConfidenceBins> fooled{};
  bool has_confidence = false;  ///< not for the worst case, which has no candidate of its own
};

/// Smallest distances of one attack in one norm, as counts.
struct DistanceHistogram {
  bool known = false;
  double bin_width = 0.0;
  std::vector<std::uint64_t> counts;
  std::uint64_t wrong_when_clean = 0;  ///< at distance 0; not in the counts
  std::uint64_t beyond = 0;            ///< broken, but farther than the last bin
  std::uint64_t never = 0;
};

/// One RowDetails per row of run.curve.
[[nodiscard]] std::vector<RowDetails> row_details(const record::Run& run);

/// One histogram per entry of run.distances: `bins` bins from 0 to the largest ε of the norm.
[[nodiscard]] std::vector<DistanceHistogram> distance_histograms(const record::Run& run,
                                                                 std::size_t bins);

}  // namespace gibbon::reports::page
