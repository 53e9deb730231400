// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "reports/page/page_data.hpp"

namespace gibbon::reports::page {

/// The head of a page of several runs: what is compared, a table of the models per norm, and the
/// answers of each. The table has the accuracy without attack and under the strongest attack at up
/// to four ε that the runs have in common (of all their ε, where there are none).
[[nodiscard]] std::string summary_section(std::span<const PageRun> runs);

}  // namespace gibbon::reports::page
