// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.hpp"
#include "models/classifier.hpp"
#include "models/model_file.hpp"
#include "models/network.hpp"

namespace gibbon::models {

/// A model of a caller's own, as two functions. Both may be called from several threads at once,
/// and row n of what they return must depend on row n of what they are given alone.
struct OwnModel {
  std::string name;         ///< for messages and reports
  std::size_t inputs = 0;   ///< D
  std::size_t classes = 0;  ///< C
  Output output = Output::kSoftmax;
  /// logits (N × C, overwritten) of x (N × D).
  std::function<void(Rows x, MutableRows logits)> forward;
  /// dx (N × D, overwritten) = J_f(x)^T · dlogits (N × C), row by row.
  std::function<void(Rows x, Rows dlogits, MutableRows dx)> backward;
  /// forward() in double, which judges; left out: forward() itself does.
  std::function<void(RowsOf<const double> x, RowsOf<double> logits)> exact;
};

/// What a sweep attacks: the one model type above models/. Cheap to copy: copies share the model.
struct Target {
  std::shared_ptr<const Classifier> fast;             ///< float32: what attacks look at
  std::shared_ptr<const ClassifierOf<double>> exact;  ///< double: what decides
  Output output = Output::kSoftmax;                   ///< what the scores mean
  std::string architecture;                           ///< for messages and reports
  std::size_t parameters = 0;                         ///< 0: not known
  std::map<std::string, std::string> metadata;        ///< provenance, as in a model file
  /// How another engine runs it: name, input, judge, promise. Empty: it is a network of ours.
  std::map<std::string, std::string> engine;
  std::vector<std::string> notes;  ///< what is worth saying about it, one sentence each
  /// Rows, columns and channels that the model wants; empty: any of this size.
  std::optional<FeatureShape> shape;
  /// The layers of a multilayer perceptron, for the cross-check; null for others.
  std::shared_ptr<const Network> network;
  /// The nodes of any other network of ours; null where there are none.
  std::shared_ptr<const Graph> graph;

  /// A network of ours: implicit, since every network is one.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Target(const Network& of);
  /// Throws an std::invalid_argument where a layer does not fit.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Target(const Graph& of);
  /// The network in a file; what is not one needs open_target() and throws a logic_error.
  explicit Target(const ModelFile& file);
  /// Throws a logic_error when a size or a function is missing.
  explicit Target(OwnModel own);

  [[nodiscard]] std::size_t input_dim() const { return fast->input_dim(); }
  [[nodiscard]] std::size_t num_classes() const { return fast->num_classes(); }
  /// The most samples that a worker had better ask about at once.
  [[nodiscard]] std::size_t most_rows() const {
    return std::min(fast->most_rows(), exact->most_rows());
  }
};

/// The multilayer perceptron in a file; a usage Error that names `work` and the layer for others.
[[nodiscard]] const Network& perceptron_of(const ModelFile& file, std::string_view work);

/// Throws a usage Error naming both sizes when the inputs differ or the data have more classes than
/// the model. Fewer are fine: a model knows its classes, data need not show all of them.
void require_fit(const Target& target, const datasets::Dataset& data);
void require_fit(const Network& network, const datasets::Dataset& data);
void require_fit(const Graph& graph, const datasets::Dataset& data);

}  // namespace gibbon::models
