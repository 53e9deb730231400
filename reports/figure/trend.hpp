// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gibbon::reports::figure {

/// Rates of several runs, one after the other.
struct Trend {
  struct Line {
    std::string name;                                   ///< "clean", "pgd linf 0.1"
    std::vector<std::optional<std::uint64_t>> correct;  ///< per run; none: it has no such point
  };
  std::vector<std::string> runs;  ///< what they are called
  std::vector<std::uint64_t> n;   ///< samples of each
  std::vector<Line> lines;
};

/// Accuracy in % over the runs, a line with its 95 % Wilson band each. Same trend, same bytes.
/// Throws Error when there is no run, or gnuplot is missing or fails.
[[nodiscard]] std::string to_trend_svg(const Trend& trend);

}  // namespace gibbon::reports::figure
