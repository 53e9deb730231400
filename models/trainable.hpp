// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "models/classifier.hpp"
#include "models/layer.hpp"

namespace gibbon::models {

template <class Float>
class MlpLayersOf;

/// Parameters one after the other that training treats alike.
struct Part {
  std::size_t count;
  Role role;
};

/// What training needs of a model: passes, and parameters in one vector that it may move.
template <class Float>
class TrainableOf {
 public:
  TrainableOf() = default;
  TrainableOf(const TrainableOf&) = delete;
  TrainableOf& operator=(const TrainableOf&) = delete;
  virtual ~TrainableOf() = default;

  [[nodiscard]] virtual const ClassifierOf<Float>& passes() const = 0;
  [[nodiscard]] virtual std::span<const Float> parameters() const = 0;
  [[nodiscard]] virtual std::span<Float> trainable_parameters() = 0;
  /// To be called after trainable_parameters() were written to, while no pass runs.
  virtual void parameters_moved() = 0;
  /// The parameters from first to last.
  [[nodiscard]] virtual std::span<const Part> parts() const = 0;

  /// Parameter gradients at the x of the last forward() on this tape, summed over its N samples;
  /// in the place of statistics, what they follow. Overwritten, laid out as parameters().
  virtual void backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                                   std::span<Float> gradient) const = 0;

  /// How many samples of a batch go through a pass together. Bits depend on it, so it depends on
  /// the model and the batch alone.
  [[nodiscard]] virtual std::size_t chunk(std::size_t batch) const = 0;

  /// The layers of a multilayer perceptron, for bounds; null for other models.
  [[nodiscard]] virtual const MlpLayersOf<Float>* perceptron() const { return nullptr; }

  /// gradient *= share, in the place of statistics alone: of two passes each has its share of what
  /// they follow.
  void share_statistics(double share, std::span<Float> gradient) const {
    std::size_t at = 0;
    for (const Part& part : parts()) {
      if (part.role == Role::kStatistic) {
        for (Float& value : gradient.subspan(at, part.count)) value *= static_cast<Float>(share);
      }
      at += part.count;
    }
  }
};

}  // namespace gibbon::models
