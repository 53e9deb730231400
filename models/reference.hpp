// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/graph.hpp"
#include "models/network.hpp"

// A second opinion: the same network in the automatic differentiation of another engine. LibTorch
// comes as a plugin (models/torch/), so that no other command pays for loading it.
namespace gibbon::models {

/// What the engine calculates in; its results are doubles in any case.
enum class Precision { kFloat32, kFloat64 };

[[nodiscard]] constexpr std::string_view to_string(Precision precision) {
  return precision == Precision::kFloat32 ? "float32" : "float64";
}

/// A layer as the engine gets it.
struct ReferenceNode {
  Blueprint blueprint;
  std::vector<std::size_t> inputs;  ///< of values, as in a Graph
  std::vector<FeatureShape> from;   ///< their shapes
  FeatureShape to;                  ///< shape of the output
  std::vector<Parameter> parameters;
};

/// A network as the engine gets it: numbers and names, since a plugin can call nothing of ours.
/// Valid as long as the network that it describes.
struct ReferenceGraph {
  FeatureShape input;
  std::vector<ReferenceNode> nodes;
};

/// Gradients of one number J.
struct ReferenceGradients {
  double value = 0.0;              ///< J
  std::vector<double> parameters;  ///< ∂J/∂θ, node by node as parameters(); 0 for statistics
  TensorOf<double> inputs;         ///< ∂J/∂x (N × D)
};

/// One layer on given inputs: y, and the vector-Jacobian products of a given ∂J/∂y.
struct ReferencePass {
  TensorOf<double> y;
  std::vector<TensorOf<double>> inputs;  ///< ∂J/∂x of every input
  std::vector<double> parameters;        ///< ∂J/∂θ, as above
};

/// A training run from the network's own parameters. Every step takes the mean gradient of its
/// batch.
struct ReferenceTraining {
  Rows images;
  Labels labels;
  std::vector<std::vector<std::uint32_t>> batches;  ///< one step each: indices of images
  std::string_view loss;
  Output output = Output::kSoftmax;
  std::string_view optimizer;
  double learning_rate = 0.0;
  double momentum = 0.0;
  double weight_decay = 0.0;  ///< on weights, not on biases
};

/// Work on samples that stay in the engine's own tensors, for benchmarks. One thread, no
/// conversions; each pass walks over all samples. The loss is cross-entropy.
class ResidentReference {
 public:
  ResidentReference() = default;
  ResidentReference(const ResidentReference&) = delete;
  ResidentReference& operator=(const ResidentReference&) = delete;
  virtual ~ResidentReference() = default;

  virtual void forward(std::size_t batch) = 0;         ///< -> logits
  virtual void input_gradient(std::size_t batch) = 0;  ///< -> ∇ₓJ
  /// -> x' = clip(x + epsilon · sign(∇ₓJ)) for inputs in [0, 1]
  virtual void fgsm(std::size_t batch, double epsilon) = 0;
  /// Starts a training from the network's own parameters, without weight decay.
  virtual void start_training(std::string_view optimizer, double learning_rate,
                              double momentum) = 0;
  /// One epoch over the samples in the given order -> parameters. Needs start_training().
  virtual void train_epoch(const std::vector<std::uint32_t>& order, std::size_t batch) = 0;

  /// What the last pass left behind for its last batch; parameters: 1 × P.
  [[nodiscard]] virtual TensorOf<double> result() const = 0;
};

/// The network in another engine. Immutable and safe to share between threads; every call runs on
/// the caller's thread alone. Names that the engine has no counterpart for throw
/// std::runtime_error.
class Reference {
 public:
  Reference() = default;
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;
  virtual ~Reference() = default;

  /// Logits (N × C) of x (N × D).
  [[nodiscard]] virtual TensorOf<double> forward(Rows x) const = 0;

  /// J = loss summed over the samples, measured on `output`.
  [[nodiscard]] virtual ReferenceGradients gradients(Rows x, Labels labels, std::string_view loss,
                                                     Output output) const = 0;

  /// J = <logits, dlogits>: the vector-Jacobian product with dlogits (N × C).
  [[nodiscard]] virtual ReferenceGradients vjp(Rows x, RowsOf<const double> dlogits) const = 0;

  /// Node `node` alone, at inference.
  [[nodiscard]] virtual ReferencePass layer(std::size_t node,
                                            std::span<const RowsOf<const double>> inputs,
                                            RowsOf<const double> dy) const = 0;

  /// Parameters after every step.
  [[nodiscard]] virtual std::vector<std::vector<double>> train(
      const ReferenceTraining& training) const = 0;

  /// Copies the samples.
  [[nodiscard]] virtual std::unique_ptr<ResidentReference> hold(Rows x, Labels labels) const = 0;
};

/// What the plugin exports. A plugin of another version is refused: its classes are laid out
/// differently.
struct ReferencePlugin {
  int version;         ///< kReferenceVersion of the time it was built
  const char* engine;  ///< "LibTorch 1.13.1"
  Reference* (*open)(const ReferenceGraph& graph, Precision precision);  ///< caller owns the result
};
inline constexpr int kReferenceVersion = 2;
inline constexpr const char* kReferenceSymbol = "gibbon_reference_plugin";  ///< ReferencePlugin

/// The network in LibTorch. Throws as open_plugin() does when there is no gibbon_torch.so or it
/// cannot be loaded.
[[nodiscard]] std::unique_ptr<Reference> open_reference(const Network& network,
                                                        Precision precision);
[[nodiscard]] std::unique_ptr<Reference> open_reference(const Graph& graph, Precision precision);
/// One layer, for Reference::layer(0, …) alone where it has several inputs.
[[nodiscard]] std::unique_ptr<Reference> open_reference(const Layer& layer,
                                                        std::span<const FeatureShape> inputs,
                                                        Precision precision);

/// Name and version of the engine that open_reference() uses; throws the same.
[[nodiscard]] std::string reference_engine();

}  // namespace gibbon::models
