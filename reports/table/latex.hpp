// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "reports/record/record.hpp"

namespace gibbon::reports::table {

/// Text as LaTeX shows it, on one line, with nothing left to expand.
[[nodiscard]] std::string latex_escaped(std::string_view text);

/// report.tex: per norm a table ε × attack of accuracy in % with its 95 % Wilson interval, to be
/// \input into a paper that uses booktabs; model, data, n, norm and units are in the caption. More
/// than four attacks continue in further tables. Certificates have a table of their own.
[[nodiscard]] std::string to_latex(const record::Run& run);

}  // namespace gibbon::reports::table
