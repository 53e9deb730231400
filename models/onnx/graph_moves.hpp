// SPDX-License-Identifier: MIT
#pragma once

#include "models/onnx/graph_values.hpp"

namespace gibbon::models::onnx {

/// Operators that move, repeat or leave out numbers of a value.
class GraphMoves : protected GraphValues {
 protected:
  using GraphValues::GraphValues;

  void change_dims(const ::onnx::NodeProto& node);
  void transpose_value(const ::onnx::NodeProto& node);
  void slice(const ::onnx::NodeProto& node);
  void split(const ::onnx::NodeProto& node);
  void gather(const ::onnx::NodeProto& node);
  void expand(const ::onnx::NodeProto& node);
  void join(const ::onnx::NodeProto& node);
  void pad_value(const ::onnx::NodeProto& node);
  void resize(const ::onnx::NodeProto& node);

 private:
  /// Index k along `axis` of the result is index[k] of the value; the other axes stay.
  [[nodiscard]] Value take_along(const ::onnx::NodeProto& node, const Value& from, std::size_t axis,
                                 const std::vector<std::size_t>& index, const std::string& name);
  /// Factor of each axis of a Resize or Upsample.
  [[nodiscard]] std::vector<std::size_t> factors_of(const ::onnx::NodeProto& node,
                                                    const Dims& dims) const;
  /// What Pad adds before and behind each axis; negative: takes away.
  struct Border {
    std::int64_t before = 0;
    std::int64_t behind = 0;
  };
  [[nodiscard]] std::vector<Border> borders_of(const ::onnx::NodeProto& node,
                                               const Dims& dims) const;
  /// Numbers of a constant that a node takes as input k, or as an attribute.
  [[nodiscard]] std::vector<float> reals(const ::onnx::NodeProto& node, int k,
                                         std::string_view name) const;
};

}  // namespace gibbon::models::onnx
