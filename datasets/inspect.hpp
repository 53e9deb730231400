// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// What the numbers of a data set are.
struct Seen {
  float least = 0.0F;
  float most = 0.0F;
  double mean = 0.0;
};
[[nodiscard]] Seen seen_in(const Dataset& data);

/// What may be wrong with the samples, in sentences with the way out: samples of one colour, the
/// same sample twice (with the same label or with others), classes without samples, of very
/// different sizes or one behind the other, values that fill only a part of the range, dark ink on
/// bright paper. Empty for data without such.
[[nodiscard]] std::vector<std::string> doubts_about(const Dataset& data);

}  // namespace gibbon::datasets
