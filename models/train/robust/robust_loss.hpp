// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "models/train/robust/adversary.hpp"
#include "models/train/robust/line_pass.hpp"
#include "models/train/robust/margin_layer.hpp"
#include "models/train/robust/robust.hpp"
#include "models/trainable.hpp"

namespace gibbon::models::train::robust {

/// The second half of the robust loss, (1 - κ) · J(worst logits, y), and its gradient. One per
/// worker: it owns all memory a chunk of samples needs.
template <class Float>
class RobustLossOf {
 public:
  /// Throws a logic_error for bounds of a model that is no perceptron.
  RobustLossOf(const TrainableOf<Float>& model, const RobustSettings& settings,
               std::size_t max_rows);

  struct Samples {
    RowsOf<const Float> x;
    Labels labels;
    std::span<const std::uint64_t> keys;  ///< of their randomness
    std::uint64_t seed = 0;
  };
  struct Result {
    double loss = 0.0;         ///< sum over the samples of J(worst logits, y), without 1 - κ
    std::size_t standing = 0;  ///< samples that are right at the worst logits
  };

  /// Adds ∂/∂θ of (1 - κ) Σ J to `gradient`; `sizes` is |W|, laid out as the parameters.
  Result add(const Samples& samples, const Loss& loss, const RobustPoint& at,
             std::span<const Float> sizes, std::span<Float> gradient);

  /// The same without gradients, with the β of the ramp's end.
  Result look(const Samples& samples, const Loss& loss, double epsilon,
              std::span<const Float> sizes);

 private:
  Result add_adversary(const Samples& samples, const Loss& loss, const RobustPoint& at,
                       std::span<Float> gradient);
  void mix_margins(const Samples& samples, const RobustPoint& at, std::span<const Float> sizes);
  /// Losses at the worst logits of margins_, whose place is taken by ∂J by the margins.
  Result evaluate_margins(Labels labels, const Loss& loss, double weight);
  RowsOf<const Float> worsen(const Samples& samples, const Loss& loss, double epsilon);
  /// Losses at logits, ∂J by them into dlogits_.
  Result evaluate_logits(RowsOf<const Float> logits, Labels labels, const Loss& loss,
                         double weight);

  const TrainableOf<Float>& model_;
  RobustSettings settings_;
  TensorOf<Float> dlogits_;  // N × C
  std::optional<AdversaryOf<Float>> adversary_;
  TapeOf<Float> tape_;           // of the adversary's points
  std::vector<Float> gradient_;  // likewise
  std::optional<BoxPassOf<Float>> boxes_;
  std::optional<MarginLayerOf<Float>> last_;
  std::optional<LinePassOf<Float>> lines_;
  TensorOf<Float> margins_;  // N × C
  TensorOf<Float> by_lines_;
};

/// |θ| of every parameter: `sizes` is overwritten.
template <class Float>
void take_sizes(std::span<const Float> parameters, std::span<Float> sizes);

extern template class RobustLossOf<float>;
extern template class RobustLossOf<double>;

}  // namespace gibbon::models::train::robust
