// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/record.hpp"

namespace gibbon::reports::table {

/// For a terminal: per ε certified, attacked and undecided samples, each with its share in %, count
/// of n and 95 % Wilson interval; "exact" where nothing is undecided.
[[nodiscard]] std::string to_certified_table(const record::Certificates& certificates);

/// The same as Markdown.
[[nodiscard]] std::string to_certified_markdown(const record::Certificates& certificates);

}  // namespace gibbon::reports::table
