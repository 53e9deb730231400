// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "attacks/attack.hpp"
#include "attacks/ensembles.hpp"
#include "datasets/dataset.hpp"
#include "models/graph.hpp"
#include "models/network.hpp"

namespace gibbon::eval::lab {

/// What an attack does: formula, source, access, norms, knobs with ranges and defaults.
[[nodiscard]] std::string explain_attack(const attacks::AttackInfo& info);

/// Which attacks an ensemble runs, by version and norm.
[[nodiscard]] std::string explain_ensemble(const attacks::Ensemble& ensemble);

struct ExplainSettings {
  models::Loss loss{nullptr, models::Output::kSoftmax};  ///< to be given
  double learning_rate = 0.1;  ///< α of the one step W' = W - α ∂C/∂W that is shown
  double epsilon = 0.1;        ///< of the FGSM step that is shown
  attacks::Norm norm = attacks::Norm::kLinf;  ///< of the certificate that is shown
  bool all = false;  ///< every entry of every matrix, not only the first ones
};

/// Forward and backward pass of one sample, every intermediate with its formula, in double: to be
/// checked with a pencil. The numbers are read off the tape of the passes that training and attacks
/// use. Last comes what explain_bounds() says.
[[nodiscard]] std::string explain_sample(const models::Network& network,
                                         const datasets::Dataset& data, std::size_t sample,
                                         const ExplainSettings& settings);

/// The same of a graph: every node in order and in reverse, of each one number with all its terms.
/// Has no bounds.
[[nodiscard]] std::string explain_sample(const models::Graph& graph, const datasets::Dataset& data,
                                         std::size_t sample, const ExplainSettings& settings);

}  // namespace gibbon::eval::lab
