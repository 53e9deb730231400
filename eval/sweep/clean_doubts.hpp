// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "datasets/dataset.hpp"
#include "models/classifier.hpp"

namespace gibbon::eval::sweep {

/// Why a clean accuracy may be low for reasons that are not the model's: inputs in another scale,
/// inverted or transposed, classes in another order. Looks at up to 2,000 samples, spread evenly,
/// and changes no figure. Sentences that say what was seen, with its interval, and what to do;
/// empty where there is nothing to doubt. `data` have no more classes than the model.
[[nodiscard]] std::vector<std::string> doubt_clean_accuracy(const models::Classifier& model,
                                                            const datasets::Dataset& data);

/// The largest sum of gains[row][column] that one column per row gives, each column taken once:
/// the column of every row. `gains` is square, row-major. Kuhn & Munkres, O(n^3).
[[nodiscard]] std::vector<std::size_t> best_assignment(const std::vector<double>& gains,
                                                       std::size_t size);

}  // namespace gibbon::eval::sweep
