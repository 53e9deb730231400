// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "reports/record/record.hpp"
#include "reports/record/series.hpp"

// The tables of a run for programs; docs/formats.md describes their columns.
namespace gibbon::reports::table {

/// One line per CurvePoint in the order of the run; "nan" where nothing was counted.
[[nodiscard]] std::string to_curve_csv(const record::Run& run);

/// to_curve_csv() of a single run; of several below each other, with their names in a first column
/// "model".
[[nodiscard]] std::string to_curves_csv(std::span<const record::NamedRun> runs);

/// What had been broken after so many passes, for every named row.
[[nodiscard]] std::string to_queries_csv(const record::Run& run);

/// "inf" where so many samples were never broken.
[[nodiscard]] std::string to_distances_csv(const record::Run& run);

/// Counts of the band, then the shares of the three with their 95 % Wilson intervals.
[[nodiscard]] std::string to_certified_csv(const record::Run& run);

/// Per norm and sample both ends of the smallest distance that breaks it, what proved the lower
/// one, and why they do not meet. Empty: no norm, sample or end is known.
[[nodiscard]] std::string to_radii_csv(const record::Run& run);

}  // namespace gibbon::reports::table
