// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/figure/curves.hpp"

// The band between certified and falsified in gnuplot's words.
namespace gibbon::reports::figure {

/// Names of the lines in the legend, as many as band_areas() and band_lines() title.
[[nodiscard]] std::vector<std::string> band_names(const Band& band);

/// Data blocks $bandI and, where both edges meet, $exactI of the plot's band I: per point ε and in
/// % certified, both ends of its 95 % Wilson interval, and what no counterexample is known for.
/// They start at ε = 0, where the clean accuracy is both edges.
[[nodiscard]] std::string band_blocks(const Band& band, std::size_t index);

/// Parts of a plot command: the areas, to be drawn below all lines, and the lines.
[[nodiscard]] std::vector<std::string> band_areas(const Band& band, std::size_t index);
[[nodiscard]] std::vector<std::string> band_lines(const Band& band, std::size_t index);

}  // namespace gibbon::reports::figure
