// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>

#include "reports/record/series.hpp"

namespace gibbon::reports::figure {

enum class FigureFile { kSvg, kPng, kPdf };

/// What may differ from the usual figure.
struct FigureOptions {
  std::optional<std::string> title;  ///< one line; none when empty. By default, SVG and PNG have
                                     ///< model and data, PDF nothing
  double width = 0.0;                ///< of the picture in mm; 0: as usual
  double height = 0.0;               ///< likewise
  std::string font;                  ///< of all text; empty: DejaVu Sans
  double points = 0.0;               ///< its size; 0: as usual
};

/// Accuracy over ε in %, one panel per norm: an area for the 95 % Wilson interval and above it a
/// line per attack, noise dashed, all attacks together black, a dotted line at the level of
/// guessing; of several runs the strongest curve each. SVG and PNG (twice its pixels) have the
/// legend beside the curves. PDF is for papers: 88 mm wide, type of 8 points, the legend inside,
/// where no curve is, or above them. The same bytes for the same runs. Names of the runs are drawn
/// as they are, whatever gnuplot would make of them. Throws Error when no run has a point, what is
/// asked for leaves no room for curves, or gnuplot is missing or fails.
[[nodiscard]] std::string draw(std::span<const record::NamedRun> runs, FigureFile file,
                               const FigureOptions& options = {});

[[nodiscard]] std::string to_curve_svg(const record::Run& run);
[[nodiscard]] std::string to_curve_png(const record::Run& run);
[[nodiscard]] std::string to_curve_pdf(const record::Run& run);

}  // namespace gibbon::reports::figure
