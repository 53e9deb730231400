// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "models/classifier.hpp"
#include "models/loss.hpp"

namespace gibbon::models::train::robust {

/// What the adversary of a training step may do.
struct AdversaryReach {
  double epsilon = 0.0;  ///< linf, in input units
  std::size_t steps = 0;
  Box clip;
};

/// PGD inside a training step: x' starts anywhere in the ball and climbs the training loss by
/// `steps` signed steps of 2.5 ε / steps, each clamped into ball and range. Madry et al. 2018,
/// arXiv:1706.06083. It never stops early and hands over the last point: training wants bad points,
/// the attacks of the bench want broken ones.
template <class Float>
class AdversaryOf {
 public:
  AdversaryOf(const ClassifierOf<Float>& model, std::size_t max_rows);

  /// Bad points (N × D) around x, valid until the next call. `keys` (N) and `seed` draw the starts.
  RowsOf<const Float> worsen(RowsOf<const Float> x, Labels labels, const Loss& loss,
                             const AdversaryReach& reach, std::span<const std::uint64_t> keys,
                             std::uint64_t seed);

 private:
  const ClassifierOf<Float>& model_;
  TapeOf<Float> tape_;
  TensorOf<Float> points_;
  TensorOf<Float> dx_;
  TensorOf<Float> dlogits_;
};

extern template class AdversaryOf<float>;
extern template class AdversaryOf<double>;

}  // namespace gibbon::models::train::robust
