// SPDX-License-Identifier: MIT
#pragma once

#include "models/onnx/graph_moves.hpp"

namespace gibbon::models::onnx {

/// Operators that treat every number alone, with constants or with another branch beside it.
class GraphElementwise : protected GraphMoves {
 protected:
  using GraphMoves::GraphMoves;

  void arithmetic(const ::onnx::NodeProto& node);
  void sum(const ::onnx::NodeProto& node);
  void negate(const ::onnx::NodeProto& node);
  void power(const ::onnx::NodeProto& node);
  void clip_value(const ::onnx::NodeProto& node);
  void extreme(const ::onnx::NodeProto& node);
  void parametric_relu(const ::onnx::NodeProto& node);
  void hard(const ::onnx::NodeProto& node);
  void activation(const ::onnx::NodeProto& node);

 private:
  void with_constant(const ::onnx::NodeProto& node, const Value& from, const Constant& c,
                     bool constant_first);
  [[nodiscard]] Value scaled(const ::onnx::NodeProto& node, const Value& from, double factor,
                             double term);
  /// The one number of a constant.
  [[nodiscard]] float single(const ::onnx::NodeProto& node, int k, std::string_view what);
};

}  // namespace gibbon::models::onnx
