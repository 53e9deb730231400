// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "eval/lab/crosscheck.hpp"

namespace gibbon::eval::lab {

/// Every layer of a graph alone, on what our passes leave for the samples x: its output, ∂J/∂x of
/// its inputs and ∂J/∂θ from the same inputs and the same ∂J/∂y in both engines, so that kinks make
/// no difference. J = <logits, seeds>.
[[nodiscard]] std::vector<CrosscheckLine> crosscheck_layers(const models::Graph& graph, Rows x,
                                                            RowsOf<const double> seeds,
                                                            const models::Reference& reference,
                                                            models::Precision precision);

}  // namespace gibbon::eval::lab
