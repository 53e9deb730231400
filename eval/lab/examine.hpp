// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "models/model_file.hpp"
#include "models/target.hpp"

namespace gibbon::eval::lab {

/// How far the logits spread when all inputs are drawn evenly from a range.
struct ProbedRange {
  double low = 0.0;
  double high = 1.0;
  double spread = 0.0;  ///< standard deviation over inputs, root mean square over classes
};

/// What the model's answers to random inputs say of the range that it was trained on.
struct RangeGuess {
  std::vector<ProbedRange> probed;  ///< [0, 1] and 0 … 255
  /// Of `probed`: the smallest range in which the answers differ; its size when there is none.
  std::size_t likeliest = 0;
};

/// Only scales 255 times apart can be told from each other: 0 … 1, -1 … 1 and (x - mean) / std
/// are of one size. Deterministic.
[[nodiscard]] RangeGuess guess_range(const models::Target& target);

/// A model file as text for people: what it is, what stands where, which inputs it probably wants,
/// and what can be done with it, with the reason where something cannot. `name` is the file as a
/// shell takes it.
[[nodiscard]] std::string examine(const std::string& name, const models::ModelFile& file,
                                  const models::Target& target);

}  // namespace gibbon::eval::lab
