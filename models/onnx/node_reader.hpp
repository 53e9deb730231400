// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.hpp"
#include "models/activation.hpp"
#include "models/model_file.hpp"
#include "models/onnx/axes.hpp"
#include "models/onnx/constant.hpp"

namespace gibbon::models::onnx {

/// The file is no multilayer perceptron: the reader of graphs may take it.
class NotAChain : public Misfit {
  using Misfit::Misfit;
};

/// What a reader of either kind of network needs: the constants of the file, the names of its
/// values and the meaning of the operators that only move or fold numbers. Misfits are thrown; the
/// reader adds file and node.
class NodeReader {
 public:
  /// Some steps go through all features; this keeps a file of small ones short of minutes.
  static constexpr int kMostNodes = 10'000;

 protected:
  NodeReader(const ::onnx::ModelProto& model, const std::string& file, Budget& budget)
      : model_(model), file_(file), budget_(budget) {}

  /// What holds for the file before its nodes are looked at; fills constants_ and opset_.
  void open();

  [[nodiscard]] static std::string name_of(const ::onnx::NodeProto& node);

  /// Work on the file as a whole: its misfits name the file.
  template <class Work>
  void at_file(const Work& work) const {
    try {
      work();
    } catch (const NotAChain&) {
      throw;
    } catch (const Misfit& error) {
      fail_input("{}: {}", file_, error.what());
    }
  }

  /// Every name stands for one value.
  void name_outputs(const ::onnx::NodeProto& node);

  [[nodiscard]] const Constant* constant(const std::string& name) const;
  /// Works out a node whose inputs are constants; false: it depends on the input, or is one that is
  /// not worked out.
  [[nodiscard]] bool fold_node(const ::onnx::NodeProto& node);
  /// What Shape says of these dimensions.
  [[nodiscard]] static Constant shape_constant(const ::onnx::NodeProto& node, const Dims& dims);
  /// Weights that a node takes; notes when the file has them in double.
  const Constant& weights(const ::onnx::NodeProto& node, const Constant* found,
                          std::string_view what);
  const Constant& weights(const ::onnx::NodeProto& node, int input, std::string_view what);
  /// Whole numbers that a node takes, as an input (newer files) or as an attribute; none: empty.
  [[nodiscard]] std::vector<std::int64_t> integers(const ::onnx::NodeProto& node, int input,
                                                   std::string_view name) const;

  [[nodiscard]] static bool is_elementwise(std::string_view op);
  /// Operators that leave every number as it is.
  [[nodiscard]] static bool is_shape(std::string_view op);
  /// The axes of a Transpose; without perm they are reversed.
  [[nodiscard]] std::vector<std::size_t> axes_of(const ::onnx::NodeProto& node,
                                                 std::size_t rank) const;
  /// What an operator of is_shape(), Transpose excepted, makes of dimensions.
  [[nodiscard]] Dims new_dims(const ::onnx::NodeProto& node, const Dims& dims) const;
  /// The constant that an operator of is_shape() makes of one.
  [[nodiscard]] Constant shaped(const ::onnx::NodeProto& node, const Constant& from);

  /// An activation of the catalogue.
  [[nodiscard]] static bool is_activation(const ::onnx::NodeProto& node);
  [[nodiscard]] static Activation activation_of(const ::onnx::NodeProto& node);
  /// Factor and term per channel: (x - mean) / sqrt(variance + epsilon) · gamma + beta.
  struct Affine {
    std::vector<double> factors;
    std::vector<double> terms;
  };
  [[nodiscard]] Affine batch_normalization_of(const ::onnx::NodeProto& node, std::size_t channels);
  /// Refuses an ArgMax that names the last of equal scores: gibbon's label is the first.
  static void require_first_of_equals(const ::onnx::NodeProto& node);
  /// What gibbon noted when it wrote the file; softmax for other producers.
  [[nodiscard]] Output declared_output() const;

  const ::onnx::ModelProto& model_;
  const std::string& file_;
  Budget& budget_;
  int opset_ = 0;
  std::unordered_map<std::string, Constant> constants_;
  std::unordered_set<std::string> names_;  // of all values so far
  ModelFile out_{.network = {.output = Output::kIdentity}};

 private:
  void find_constants(const ::onnx::GraphProto& graph);
  /// Cast of the chain, whose numbers are real.
  static void require_real(const ::onnx::NodeProto& node);
  void require_inference(const ::onnx::NodeProto& node) const;
};

}  // namespace gibbon::models::onnx
