// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include "base/tensor.hpp"

namespace gibbon::attacks {

/// What an attack needs to know of a loss: its derivative by the logits of one sample.
using LossSeed = void (*)(Row logits, int label, MutableRow dlogits);

/// Index of the highest logit; the lowest such index on a tie.
template <class Float>
[[nodiscard]] int predicted_class(std::span<const Float> logits) {
  return static_cast<int>(std::ranges::max_element(logits) - logits.begin());
}

template <class Float>
[[nodiscard]] Float best_other(std::span<const Float> logits, int label) {
  Float best = -std::numeric_limits<Float>::infinity();
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (j != static_cast<std::size_t>(label)) best = std::max(best, logits[j]);
  }
  return best;
}

/// z_y - max_{j != y} z_j: negative means that the model does not answer y.
template <class Float>
[[nodiscard]] Float margin(std::span<const Float> logits, int label) {
  return logits[static_cast<std::size_t>(label)] - best_other(logits, label);
}

/// How far a margin has to be from 0 to be more than float32 rounding: some ten units in the last
/// place of the largest logit.
[[nodiscard]] inline float clear_margin(Row logits) {
  float largest = 0.0F;
  for (const float z : logits) largest = std::max(largest, std::abs(z));
  return 2e-6F * largest;
}

/// Whether an attack has what it wanted: the model clearly does not answer `label` or, `targeted`,
/// clearly does. What is too close to call is no success yet: the judge, in double, might see it
/// the other way. False when a logit is NaN.
[[nodiscard]] inline bool succeeded(Row logits, int label, bool targeted) {
  const float m = margin(logits, label);
  return targeted ? m > clear_margin(logits) : m < -clear_margin(logits);
}

/// The scale-free seed: that of the loss log Σ_{j != y} exp(z_j) - z_y, a smooth -margin().
/// q_y = -1, q_j = softmax over the classes other than y, so it has the same size at any
/// confidence. Cross-entropy points the same way, ∂CE/∂z = (1 - p_y) · q, but in float32 its y
/// entry p_y - 1 cancels for confident samples and is 0 from a margin of 17 on: they look robust.
template <class Float>
void scale_free_seed(std::span<const Float> logits, int label, std::span<Float> dlogits) {
  const auto y = static_cast<std::size_t>(label);
  const auto shift = static_cast<double>(best_other(logits, label));
  double total = 0.0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    const double e = j == y ? 0.0 : std::exp(static_cast<double>(logits[j]) - shift);
    dlogits[j] = static_cast<Float>(e);
    total += e;
  }
  const auto scale = static_cast<Float>(1.0 / total);
  for (Float& q : dlogits) q *= scale;
  dlogits[y] = Float{-1};
}

/// Seed of best_other() - z_y, i.e. of -margin(): what attacks climb that need its size, too.
template <class Float>
void margin_seed(std::span<const Float> logits, int label, std::span<Float> dlogits) {
  const auto y = static_cast<std::size_t>(label);
  std::size_t rival = y == 0 ? 1 : 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (j != y && logits[j] > logits[rival]) rival = j;
  }
  std::ranges::fill(dlogits, Float{0});
  dlogits[rival] = Float{1};
  dlogits[y] = Float{-1};
}

}  // namespace gibbon::attacks
