// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/classifier.hpp"
#include "models/layer.hpp"
#include "models/loss.hpp"

namespace gibbon::models {

/// The most inputs that a node may have.
inline constexpr std::size_t kMostInputs = 64;

/// A layer in its place.
struct Node {
  std::string name;  ///< in the file it came from, for messages
  LayerPtr layer;
  std::vector<std::size_t> inputs;  ///< of values: 0 is the graph's input, k + 1 node k's output
};

/// A network whose layers branch, convolve or pool, in an order in which every node comes after its
/// inputs. The last node gives the logits. What a file says, no arithmetic: GraphModelOf computes.
struct Graph {
  FeatureShape input;
  std::vector<Node> nodes;
  Output output = Output::kSoftmax;             ///< what the scores are turned into
  std::map<std::string, std::string> metadata;  ///< as in the model file

  [[nodiscard]] std::size_t parameter_count() const;
  [[nodiscard]] std::size_t num_classes() const { return shapes().back().size(); }
  /// "28×28×1-conv32-conv64-200-10": the layers with weights; of many the first and the last.
  [[nodiscard]] std::string architecture() const;
  /// What training can move, node by node, named "node.weight"; where gradients lie one after the
  /// other. The values are the layers' own.
  [[nodiscard]] std::vector<Parameter> parameters() const;
  /// Shapes of all values, [0] that of the input. Throws an std::invalid_argument that names the
  /// node where a layer does not fit.
  [[nodiscard]] std::vector<FeatureShape> shapes() const;
};

/// Whose gradients a backward pass leaves on the tape.
enum class Keep {
  kValues,        ///< nobody's: memory is used again
  kAllGradients,  ///< every node's, for whoever shows or compares layers
};

/// What the passes of a graph leave.
template <class Float>
struct GraphTapeOf final : TapeMemory {
  RowsOf<const Float> input;               ///< x of the last forward(), the caller's
  std::vector<TensorOf<Float>> values;     ///< of node k
  std::vector<TensorOf<Float>> gradients;  ///< ∂J/∂(value of node k), with Keep::kAllGradients
  TensorOf<Float> input_gradient;          ///< what nobody asks for
  std::vector<Float> scratch;
  std::size_t rows = 0;  ///< N of the last forward()

  /// As nodes count their inputs.
  [[nodiscard]] RowsOf<const Float> value(std::size_t k) const {
    return k == 0 ? input : values[k - 1].view().slice(0, rows);
  }
  [[nodiscard]] RowsOf<const Float> gradient(std::size_t node) const {
    return gradients[node].view().slice(0, rows);
  }
};

/// y = f(x) of a graph: every node's formula in order, and backward every node's derivative in
/// reverse, added up where a value feeds several nodes (the multivariable chain rule).
template <class Float>
class GraphModelOf final : public ClassifierOf<Float> {
 public:
  /// Throws as Graph::shapes() does.
  explicit GraphModelOf(const Graph& graph, Keep keep = Keep::kValues);

  [[nodiscard]] std::size_t input_dim() const override { return shapes_.front().size(); }
  [[nodiscard]] std::size_t num_classes() const override { return shapes_.back().size(); }
  [[nodiscard]] std::size_t most_rows() const override;
  [[nodiscard]] TapeOf<Float> make_tape(std::size_t max_rows) const override;
  RowsOf<const Float> forward(RowsOf<const Float> x, TapeOf<Float>& tape) const override;
  void backward(TapeOf<Float>& tape, RowsOf<const Float> dlogits, RowsOf<Float> dx) const override;
  [[nodiscard]] bool near_kink(const TapeOf<Float>& tape, std::size_t n,
                               double tolerance) const override;

  /// Lays out other parameters, in the order of Graph::parameters(), as OperationOf::take() does.
  void take(std::span<const Float> parameters);
  /// Numbers in Graph::parameters().
  [[nodiscard]] std::size_t parameter_count() const { return parameter_count_; }
  /// Parameter gradients at the x of the last forward(), summed over its N samples: `gradient` is
  /// overwritten and laid out as Graph::parameters().
  void backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                           std::span<Float> gradient) const;

  /// The nodes of the last passes on a tape that this model made.
  [[nodiscard]] const GraphTapeOf<Float>& passed(const TapeOf<Float>& tape) const {
    return tape.template as<GraphTapeOf<Float>>();
  }

 private:
  using Memory = GraphTapeOf<Float>;
  struct Step {
    std::unique_ptr<OperationOf<Float>> operation;
    std::vector<std::size_t> inputs;
    std::size_t first;  // of its parameters among all
    std::size_t count;
    bool passes_on;  // some input depends on parameters
  };
  /// Nodes one after the other that see the same samples at once.
  struct Stretch {
    std::size_t first;  // node
    std::size_t end;
    std::size_t rows;  // samples at once
  };
  static std::vector<Stretch> stretches_of(std::span<const Step> steps,
                                           std::span<const FeatureShape> shapes);
  void place_gradients(Keep keep);

  template <class Before, class Wanted>
  void walk_back(Memory& memory, RowsOf<const Float> dlogits, RowsOf<Float> dx,
                 const Before& before, const Wanted& wanted) const;

  std::vector<FeatureShape> shapes_;
  std::vector<Step> steps_;
  std::vector<Stretch> stretches_;
  std::vector<bool> passing_;       // node k's value is read in its own stretch alone
  std::vector<std::size_t> place_;  // node in whose memory the gradient of node k's value lies
  std::size_t parameter_count_ = 0;
};

extern template class GraphModelOf<float>;
extern template class GraphModelOf<double>;

}  // namespace gibbon::models
