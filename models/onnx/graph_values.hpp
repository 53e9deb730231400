// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/graph.hpp"
#include "models/onnx/node_reader.hpp"

namespace gibbon::models::onnx {

/// A value that depends on the input. `dims` are the file's; a first dimension without a number
/// counts as 1. Pictures (channels, rows, columns in the file) have their channels last in the
/// graph.
struct Value {
  std::size_t index = 0;  // of the graph's values
  Dims dims;
};

/// One sample of channels × rows × columns, with or without an axis of samples before them.
[[nodiscard]] bool is_picture(const Dims& dims);
[[nodiscard]] FeatureShape shape_of(const Dims& dims);
/// For every feature in the file's order its place in the graph's.
[[nodiscard]] std::vector<std::size_t> places_of(const Dims& dims);

/// The values of a graph while it is read, and the layers that make them.
class GraphValues : protected NodeReader {
 protected:
  using NodeReader::NodeReader;

  [[nodiscard]] const Value* value(const std::string& name) const;
  /// The value that a node works on.
  [[nodiscard]] const Value& input(const ::onnx::NodeProto& node, int k = 0) const;
  [[nodiscard]] const FeatureShape& shape(const Value& of) const { return shapes_[of.index]; }

  /// The input of the graph. Samples may stand along its first axis unless that has a number.
  void begin(const std::string& name, Dims dims);
  /// Appends a layer; its output, of `dims`, is what the node gives.
  void append(const ::onnx::NodeProto& node, LayerPtr layer, std::vector<std::size_t> inputs,
              Dims dims);
  /// The same as a value without a name in the file.
  [[nodiscard]] Value append_part(const ::onnx::NodeProto& node, LayerPtr layer,
                                  std::vector<std::size_t> inputs, Dims dims);
  void give(const ::onnx::NodeProto& node, Value value, int output = 0);

  /// Number k of the result, in the file's order, is number places[k] of `from`. `name` is that of
  /// the layer, where one is needed.
  [[nodiscard]] Value take_places(const ::onnx::NodeProto& node, const Value& from, Dims dims,
                                  const std::vector<std::size_t>& places, const std::string& name);
  /// The same numbers in the same order of the file under other dimensions.
  [[nodiscard]] Value rename(const ::onnx::NodeProto& node, const Value& from, Dims dims);
  /// `from` repeated along axes of size 1, as NumPy broadcasts.
  [[nodiscard]] Value broadcast(const ::onnx::NodeProto& node, const Value& from, const Dims& dims);
  /// A constant beside a value of at least its dimensions: one number per channel of a picture
  /// where that is all it says, else one per feature in the graph's order.
  [[nodiscard]] std::vector<double> spread(const Constant& c, const Dims& dims);
  /// Leaves the layers that a value depends on; it is the last one then.
  void keep_only(std::size_t index);
  /// Throws where the axis that may count samples is not 1 any more.
  void require_one_sample(const Dims& from, const Dims& to) const;

  Graph graph_;
  std::vector<FeatureShape> shapes_;  // of the graph's values
  std::map<std::string, Value> values_;
  std::string input_;
  bool many_samples_ = false;  // along the first axis, in use
};

}  // namespace gibbon::models::onnx
