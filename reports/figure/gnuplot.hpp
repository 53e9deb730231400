// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace gibbon::reports::figure {

/// Runs `program` (gnuplot unless a test says otherwise) without the user's settings on a script
/// given through standard input; returns its standard output. Throws Error when the program is
/// missing or fails, with its own words.
[[nodiscard]] std::string run_gnuplot(std::string_view script,
                                      const std::string& program = "gnuplot");

/// run_gnuplot() of a script for the svg terminal: the picture, called `title` for screen readers
/// and in a sans-serif font where there is no DejaVu.
[[nodiscard]] std::string run_gnuplot_svg(std::string_view script, std::string_view title);

/// The script with a box in place of every character that the figures' font does not have: Chinese,
/// Japanese, Korean, emoji. Where another font is put in for one, gnuplot's Cairo terminals spoil
/// the whole figure.
[[nodiscard]] std::string within_font(std::string_view script);

/// A gnuplot literal that shows `text` as it is, on one line, with nothing left to expand.
[[nodiscard]] std::string gnuplot_quoted(std::string_view text);

}  // namespace gibbon::reports::figure
