// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/record.hpp"

namespace gibbon::reports::figure {

/// Accuracy in % over ε, a panel per norm: a line with its 95 % Wilson band per attack, noise
/// controls dashed and grey, the worst case wide and black below the others, the level of guessing
/// dotted. Same run, same bytes. Throws Error when the run has no point or gnuplot is missing or
/// fails.
[[nodiscard]] std::string to_curve_svg(const record::Run& run);

/// The same picture as PNG at twice the size of the SVG in pixels.
[[nodiscard]] std::string to_curve_png(const record::Run& run);

/// The same curves as a PDF for papers: one column (88 mm, more for longer names) wide, type of 8
/// points, the legend below each panel.
[[nodiscard]] std::string to_curve_pdf(const record::Run& run);

}  // namespace gibbon::reports::figure
