// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "eval/shift/measure.hpp"

namespace gibbon::eval::shift {

/// PNG of one sample: clean, then under every corruption (a row) and severity (a column), and as
/// the searches over rotations and translations left it, each with the predicted class in green or
/// red. It is the first sample that is classified correctly, or the first of all. Throws a
/// reports::record::Error when the picture would be too large.
[[nodiscard]] std::string draw_contact_sheet(const datasets::Dataset& data, const ShiftPlan& plan,
                                             const reports::record::Corrupted& all);

}  // namespace gibbon::eval::shift
