// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/tensor.hpp"
#include "models/activation.hpp"
#include "models/loss.hpp"

namespace gibbon::models {

/// One layer of neurons: z = W a + b, stored as the formula is written and as LibTorch stores it.
struct Dense {
  Tensor weight;            ///< W (O × I)
  std::vector<float> bias;  ///< b (O)
  Activation activation;    ///< σ after it; identity for a last layer that gives logits
};

/// x' = (x - shift) / scale per feature: part of the model, so that ε stays in input units.
struct Normalisation {
  std::vector<float> shift;  ///< D, or empty: there is no normalisation
  std::vector<float> scale;  ///< D
};

/// Everything a model file says: weights in float32 and structure, no arithmetic. Mlp computes.
struct Network {
  Normalisation normalisation;
  std::vector<Dense> layers;
  Output output = Output::kSoftmax;  ///< what the scores are turned into; not part of the logits
  std::map<std::string, std::string> metadata;  ///< provenance, as in the model file

  [[nodiscard]] std::size_t input_dim() const { return layers.front().weight.cols(); }
  [[nodiscard]] std::size_t num_classes() const { return layers.back().weight.rows(); }
  [[nodiscard]] std::size_t parameter_count() const;
  [[nodiscard]] std::string architecture() const;  ///< "784-16-16-10"

  /// Throws a logic_error unless layer sizes fit each other.
  void check() const;
};

/// "784-16-16-10" -> {784, 16, 16, 10}. Throws a usage Error unless there are at least two positive
/// numbers.
[[nodiscard]] std::vector<std::size_t> parse_architecture(std::string_view text);

}  // namespace gibbon::models
