// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/record.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/table/value.hpp"

// The tables of a run that every report shows.
namespace gibbon::reports::table {

[[nodiscard]] Role role_of(const record::Series& series);

/// "l∞, ε in [0, 1]".
[[nodiscard]] std::string panel_title(const record::Panel& panel, const record::Subject& subject);

/// ε × attack.
[[nodiscard]] Table accuracy_table(const record::Panel& panel);

/// Quartiles of the smallest distances; without rows when none were measured. All attacks together
/// are no row where one of them says the same.
[[nodiscard]] Table distance_table(const record::Run& run);

/// Per ε the samples certified, attacked and undecided.
[[nodiscard]] Table band_table(const record::Certificates& certificates);

/// Quartiles of both ends of the smallest distance; without rows unless they were searched.
[[nodiscard]] Table radius_table(const record::Certificates& certificates);

}  // namespace gibbon::reports::table
