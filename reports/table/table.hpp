// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/record.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {

/// The curve for a terminal: title lines, then per norm a table ε × attack of accuracy in %,
/// correct/n and the 95 % Wilson interval, worst case last. Attacks that do not fit the screen
/// follow below.
[[nodiscard]] std::string to_table(const record::Run& run, const Screen& screen);

/// report.md: question, answers, the same tables, diagnosis and the command to repeat the run.
[[nodiscard]] std::string to_markdown(const record::Run& run);

}  // namespace gibbon::reports::table
