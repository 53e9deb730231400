// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "attacks/threat_model.hpp"
#include "datasets/dataset.hpp"
#include "models/network.hpp"

namespace gibbon::eval::lab {

/// Between which two ends the smallest distance in `norm` lies that breaks one sample: the radius
/// that backward linear bounds (CROWN) certify, with the line in x that proves it and the point
/// where that is least, and the nearest counterexample that FMN finds. Says so where there is
/// nothing to prove, or no bound of an activation. Throws a usage Error for l0, which has no
/// bounds.
[[nodiscard]] std::string explain_bounds(const models::Network& network,
                                         const datasets::Dataset& data, std::size_t sample,
                                         attacks::Norm norm);

}  // namespace gibbon::eval::lab
