// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "eval/sweep/sweep.hpp"

namespace gibbon::eval::sweep {

/// What the model itself shows, before and beside any attack.
struct ModelSigns {
  std::size_t classes = 0;
  std::vector<std::string> doubts;   ///< about its clean accuracy
  bool random = false;               ///< five passes over the same samples differ by > 1e-4
  bool probabilities = false;        ///< the scores lie in [0, 1] and add up to 1
  std::optional<double> declared;    ///< validation accuracy that the model file declares
  std::uint64_t cancelled = 0;       ///< samples whose plain float32 gradient loses a term
  std::uint64_t zero_gradients = 0;  ///< samples whose gradient is exactly zero
};

/// Looks at the first samples of the data; `metadata` is what the model file says of itself.
[[nodiscard]] ModelSigns look_at_model(const models::Classifier& model,
                                       const std::map<std::string, std::string>& metadata,
                                       const datasets::Dataset& data);

/// The bench's doubts about its own figures (Carlini et al. 2019, arXiv:1902.06705, section 5):
/// plain sentences, each says what was seen, what it may mean and what to try.
[[nodiscard]] std::vector<std::string> diagnose(const SweepResult& result, const SweepPlan& plan,
                                                const ModelSigns& signs);

}  // namespace gibbon::eval::sweep
