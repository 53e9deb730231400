// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "eval/verify/query.hpp"
#include "models/mlp.hpp"

namespace gibbon::eval::verify {

/// The network itself, in double and in float32: the only thing that makes a counterexample one.
class Replay {
 public:
  explicit Replay(const models::Network& network) : exact_(network), single_(network) {}

  /// The point that a candidate becomes when it is moved to where the query admits one, if the
  /// requirements of some clause all fail there; nothing otherwise, as for a NaN.
  [[nodiscard]] std::optional<std::vector<double>> confirm(const Query& query,
                                                           std::span<const double> candidate) const;

  [[nodiscard]] const models::Mlp& single() const { return single_; }

 private:
  models::MlpOf<double> exact_;
  models::Mlp single_;
};

/// Σ_c weights_c y_c + constant.
template <class Float>
[[nodiscard]] double value_of(const Requirement& requirement, std::span<const Float> outputs) {
  double sum = requirement.constant;
  for (std::size_t c = 0; c < outputs.size(); ++c) {
    sum += requirement.weights[c] * static_cast<double>(outputs[c]);
  }
  return sum;
}

}  // namespace gibbon::eval::verify
