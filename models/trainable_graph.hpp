// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "models/graph.hpp"
#include "models/trainable.hpp"

namespace gibbon::models {

/// A graph whose parameters may be moved between passes. Until the first parameters_moved() it
/// computes what GraphModelOf does; from then on batch norm goes by the samples of a pass.
template <class Float>
class TrainableGraphOf final : public TrainableOf<Float> {
 public:
  /// `threads` share the passes of networks with batch norm, of which there may be one at a time
  /// then; other graphs leave threads to their caller.
  explicit TrainableGraphOf(const Graph& graph, std::size_t threads = 1);

  [[nodiscard]] const ClassifierOf<Float>& passes() const override { return model(); }
  [[nodiscard]] std::span<const Float> parameters() const override { return parameters_; }
  [[nodiscard]] std::span<Float> trainable_parameters() override { return parameters_; }
  void parameters_moved() override;
  [[nodiscard]] std::span<const Part> parts() const override { return parts_; }
  void backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                           std::span<Float> gradient) const override {
    model().backward_parameters(tape, dlogits, gradient);
  }
  /// 16, or with batch norm all samples, whose statistics it takes.
  [[nodiscard]] std::size_t chunk(std::size_t batch) const override;

  /// Writes the parameters back into a graph of the same layers, as float32.
  void store(Graph& graph) const;

 private:
  [[nodiscard]] const GraphModelOf<Float>& model() const { return together_ ? *together_ : alone_; }

  Graph graph_;
  std::size_t threads_;
  GraphModelOf<Float> alone_;
  std::optional<GraphModelOf<Float>> together_;  // with batch norm, in training
  std::vector<Float> parameters_;
  std::vector<Part> parts_;
  bool by_batch_ = false;  // some parameter is a statistic
};

extern template class TrainableGraphOf<float>;
extern template class TrainableGraphOf<double>;

}  // namespace gibbon::models
