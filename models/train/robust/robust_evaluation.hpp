// SPDX-License-Identifier: MIT
#pragma once

#include "models/train/train.hpp"

namespace gibbon::models::train::robust {

/// Worst case of the samples `indices` of `data` at settings.epsilon: its loss, and how many are
/// right in it. Bounds are mixed by settings.beta and not rounded outward: what training looks at.
/// Bounder proves, attacks attack.
[[nodiscard]] Evaluation evaluate_robust(const Network& network, const Loss& loss,
                                         const RobustSettings& settings,
                                         const datasets::Dataset& data,
                                         std::span<const std::uint32_t> indices,
                                         std::size_t threads);
[[nodiscard]] Evaluation evaluate_robust(const Graph& graph, const Loss& loss,
                                         const RobustSettings& settings,
                                         const datasets::Dataset& data,
                                         std::span<const std::uint32_t> indices,
                                         std::size_t threads);

}  // namespace gibbon::models::train::robust
