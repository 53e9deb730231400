// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "reports/figure/trend.hpp"
#include "reports/gate/snapshot.hpp"
#include "reports/table/table.hpp"

namespace gibbon::reports::gate {

/// A run or a baseline among several.
struct Dated {
  std::string name;
  Snapshot snapshot;
};

/// The clean accuracy and, per norm, what attacks, the worst case and proofs leave at the given
/// ε. Without any it is the smallest at which less than half of the last run's clean accuracy is
/// left, or its largest. Throws Refusal when no run has a point at any of them.
[[nodiscard]] figure::Trend trend_of(std::span<const Dated> runs, std::span<const double> epsilons);

/// A row per run.
[[nodiscard]] table::Table trend_table(const figure::Trend& trend);

/// Why rates may differ beside the model: for each run the conditions that are not those of the
/// last.
[[nodiscard]] std::vector<std::string> trend_notes(std::span<const Dated> runs);

}  // namespace gibbon::reports::gate
