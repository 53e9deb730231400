// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reports/page/page_data.hpp"

namespace gibbon::reports::page {

/// The curve as figure::to_curve_svg() and to_curve_pdf() draw it, or what figure::draw() makes of
/// several runs; empty: not drawn.
struct ChartFiles {
  std::string svg;
  std::string pdf;
};

/// report.html: one page that opens from disk and needs no network and no other file. Question and
/// answer (of several runs a table), the curve, one sample on its way through ε, classes,
/// diagnosis, distances, tables, cost, the command to repeat the run, what the numbers must not be
/// compared with, and provenance; one run, or several side by side. The chart's SVG is what
/// browsers without scripts show; both files can be saved from the page, and the curve's CSV.
/// Everything else is escaped. The page is well-formed XML too. `comparison` is of two runs over
/// the same samples, or of none.
[[nodiscard]] std::string to_html(std::span<const PageRun> runs, const ChartFiles& chart,
                                  const Comparison& comparison = {});

}  // namespace gibbon::reports::page
