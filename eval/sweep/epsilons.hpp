// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

namespace gibbon::eval::sweep {

/// "0:0.3:0.025" (start:stop:step, both ends), "0,.01,8/255" or a mix. In input units; sorted,
/// without duplicates. Throws a usage Error naming the item for anything that is not a number >= 0.
[[nodiscard]] std::vector<double> parse_epsilons(std::string_view text);

}  // namespace gibbon::eval::sweep
