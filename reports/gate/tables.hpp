// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/gate/gate.hpp"
#include "reports/table/table.hpp"

// The details of the gate, the same in a terminal, in Markdown and on a page.
namespace gibbon::reports::gate {

enum class Rows { kAll, kChanged };

/// A row per point, with counts, interval and verdict; the columns of the two runs are headed
/// `first` and `second`. kChanged: without the points that are unchanged or repeat another.
[[nodiscard]] table::Table table_of(const std::vector<PointResult>& points,
                                    const std::string& first, const std::string& second, Rows rows);

/// What stands below the table, a line each: requirements, strength, speed, and what was noted.
[[nodiscard]] std::vector<std::string> lines_below(const GateResult& result);

/// "FAIL", "warning" or "note".
[[nodiscard]] std::string level_name(Finding::Level level);

}  // namespace gibbon::reports::gate
