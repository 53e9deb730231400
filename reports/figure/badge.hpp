// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/record.hpp"

namespace gibbon::reports::figure {

/// A picture of one line for a README: "robust accuracy | 38.3 % at l∞ ε = 0.06", the headline of
/// the run's first norm in which an attack was tried; "not measured" where none was. It has no
/// colour for good or bad, since rates at different ε do not compare.
[[nodiscard]] std::string to_badge_svg(const record::Run& run);

}  // namespace gibbon::reports::figure
