// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/norm.hpp"

namespace gibbon::eval::sweep {

/// "0:0.3:0.025" (start:stop:step, both ends), "0,.01,8/255" or a mix. In input units; sorted,
/// without duplicates. Throws a usage Error naming the item for anything that is not a number >= 0.
[[nodiscard]] std::vector<double> parse_epsilons(std::string_view text);

/// What is swept where nobody says: 0 and twelve steps (NormInfo::usual_step), as far as there are
/// features to change. Fractions are those that parse_epsilons() reads from "8/255".
[[nodiscard]] std::vector<double> usual_epsilons(Norm norm, std::size_t features);

}  // namespace gibbon::eval::sweep
