#pragma once

#include <string>

#include "reports/record.hpp"

namespace gibbon::reports {

/// Accuracy in % over ε, a panel per norm: a line with its 95 % Wilson band per attack, noise
/// controls dashed and grey, the worst case black, the level of guessing dotted. Same run, same
/// bytes. Throws Error when the run has no point or gnuplot is missing or fails.
[[nodiscard]] std::string to_curve_svg(const Run& run);

/// The same picture as PNG at twice the size of the SVG in pixels.
[[nodiscard]] std::string to_curve_png(const Run& run);

}  // namespace gibbon::reports
