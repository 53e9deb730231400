// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reports/page/page_data.hpp"

namespace gibbon::reports::page {

/// report.html: one page that opens from disk and needs no network and no other file. Question and
/// answer, the curve, one sample on its way through ε, classes, distances, tables, cost, diagnosis,
/// provenance, the command to repeat the run and what the numbers must not be compared with; one
/// run, or several side by side. `curve_svg` is what to_curve_svg returned, or empty: what browsers
/// without scripts show; it is inserted as it is. Everything else is escaped. The page is
/// well-formed XML too.
/// `comparison` is of two runs over the same samples, or of none.
[[nodiscard]] std::string to_html(std::span<const PageRun> runs, std::string_view curve_svg,
                                  const Comparison& comparison = {});

}  // namespace gibbon::reports::page
