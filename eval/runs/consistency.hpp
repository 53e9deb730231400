// SPDX-License-Identifier: MIT
#pragma once

#include "reports/record/record.hpp"

namespace gibbon::eval::runs {

/// What writers promise, asked of what was read: the curve counts what the records say,
/// certificates are of the run's samples and count what theirs say, and no sample is proved robust
/// where an attack broke it. Throws an input Error that names the first number that does not
/// follow.
void require_consistent(const reports::record::Run& run);

}  // namespace gibbon::eval::runs
