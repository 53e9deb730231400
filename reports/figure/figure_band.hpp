// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/record/certificates.hpp"

// The band between certified and falsified in gnuplot's words.
namespace gibbon::reports::figure {

/// Names of the lines in the legend, as many as band_areas() and band_lines() title.
[[nodiscard]] std::vector<std::string> band_names(const record::Certificates& certificates);

/// Data blocks $band and, where both edges meet, $exact: per point ε and in % certified, both ends
/// of its 95 % Wilson interval, and what no counterexample is known for. They start at ε = 0, where
/// the clean accuracy is both edges.
[[nodiscard]] std::string band_blocks(const record::Certificates& certificates);

/// Parts of a plot command: the areas, to be drawn below all lines, and the lines.
[[nodiscard]] std::vector<std::string> band_areas(const record::Certificates& certificates);
[[nodiscard]] std::vector<std::string> band_lines(const record::Certificates& certificates);

}  // namespace gibbon::reports::figure
