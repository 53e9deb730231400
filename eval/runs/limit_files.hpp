// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "attacks/limits.hpp"
#include "eval/runs/options.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::runs {

/// Limits of the adversary as a user gives them, empty texts being none. `mask`: where 0 stands,
/// nothing may change; a grey picture as large as the data's, a text of numbers separated by
/// commas, blanks or lines, an .npy, or an .npz with an array of that name; `epsilon_scale`: how
/// far each number may go, in shares of ε, as text, .npy or .npz. `lattice`: a step, "1/255".
/// Throws usage and input Errors that name the file.
[[nodiscard]] attacks::Limits read_limits(const LimitOptions& options);

/// What makes two adversaries the same, whatever their files are called; null when there are no
/// limits: "sha256" of the scale, "lattice" and "free" of "features" (left out without a scale).
[[nodiscard]] nlohmann::ordered_json limits_record(const attacks::Limits& limits);

/// Says in a run what its rates hold against: limits_record() in its provenance, and a sentence
/// before its diagnosis. Does nothing when there are no limits.
void add_limits(reports::record::Run& run, const attacks::Limits& limits);

/// The limits_record() of a run, null when it has none.
[[nodiscard]] nlohmann::ordered_json limits_of(const reports::record::Run& run);

}  // namespace gibbon::eval::runs
