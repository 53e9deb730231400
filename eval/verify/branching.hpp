// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "eval/verify/dual.hpp"

namespace gibbon::eval::verify {

/// Where to split a row of a batch that is not proved.
struct Branch {
  std::uint32_t layer = 0;
  std::uint32_t index = 0;
  double point = 0.0;
  double score = 0.0;
};

/// The most promising splits first, at most `count`: hinges by what their upper line costs and how
/// far the relaxed pass is from the true activation, smooth ones by the latter and the gap between
/// their lines. Empty: nothing is left to split, or only intervals too narrow for it.
[[nodiscard]] std::vector<Branch> best_branches(const LocalNetwork& network, const DualBatch& batch,
                                                std::size_t row, std::size_t count);

}  // namespace gibbon::eval::verify
