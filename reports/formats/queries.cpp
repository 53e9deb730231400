// SPDX-License-Identifier: MIT
#include "reports/formats/queries.hpp"

#include <algorithm>
#include <span>

namespace gibbon::reports::formats {
namespace {

std::uint64_t passes(const record::SampleRecord& r) {
  return std::uint64_t{r.forwards} + std::uint64_t{r.backwards};
}

}  // namespace

std::vector<QueryPoint> query_curve(const record::Run& run, std::size_t row) {
  const auto samples = run.records(row);
  std::uint64_t most = 0;
  std::uint64_t correct = 0;
  std::vector<std::uint64_t> broken;  // after so many passes
  for (const record::SampleRecord& r : samples) {
    most = std::max(most, passes(r));
    if (r.clean_label != r.label) continue;
    ++correct;
    if (r.fooled != 0) broken.push_back(passes(r));
  }
  std::ranges::sort(broken);
  std::vector<QueryPoint> curve;
  if (most == 0) return curve;
  for (std::uint64_t decade = 1;; decade *= 10) {
    for (const std::uint64_t step : {1U, 2U, 5U}) {
      const std::uint64_t queries = step * decade;
      const auto by_then = std::ranges::upper_bound(broken, queries) - broken.begin();
      curve.push_back({queries, correct - static_cast<std::uint64_t>(by_then)});
      if (queries >= most) return curve;
    }
  }
}

}  // namespace gibbon::reports::formats
