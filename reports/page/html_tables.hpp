// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reports/record/record.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"

// The parts of report.html that need no script: sections of HTML, every text in them escaped. Each
// is empty when the run has nothing to say there.
namespace gibbon::reports::page {

/// ε × attack: accuracy, count and interval; then confidences, distances, rounding; then per class.
[[nodiscard]] std::string numbers_section(std::span<const record::Panel> all,
                                          const record::Subject& subject);

/// Passes and seconds per attack, and the accuracy that was left after so many passes.
[[nodiscard]] std::string cost_section(const record::Run& run,
                                       std::span<const record::Panel> panels);

/// Quartiles of the smallest distances.
[[nodiscard]] std::string distances_table(const record::Run& run);

/// Certified, attacked and undecided per ε, then quartiles of both ends of the smallest distance.
[[nodiscard]] std::string band_section(std::span<const record::Panel> panels,
                                       const record::Subject& subject);

/// What the numbers must not be compared with.
[[nodiscard]] std::string comparison_section(const record::Run& run,
                                             const record::Subject& subject);

/// Every leaf of the provenance under its path, that of the certificates included.
[[nodiscard]] std::string provenance_section(const record::Run& run);

}  // namespace gibbon::reports::page
