#pragma once

#include <cstdint>
#include <onnx/onnx_pb.h>
#include <string>
#include <vector>

namespace gibbon::models {

/// A tensor that a model file holds: weights, or the whole numbers of a shape.
struct Constant {
  std::vector<std::size_t> dims;
  std::vector<float> values;           ///< row-major; empty for whole numbers
  std::vector<std::int64_t> integers;  ///< row-major; empty for weights
  bool rounded = false;                ///< stored in double and no float32 numbers
};

/// Throws an input Error that names `file` and `name` for data types other than float32, double,
/// int64, int32 and bool, for numbers that are not finite, do not fit the shape or lie in another
/// file.
[[nodiscard]] Constant to_constant(const onnx::TensorProto& tensor, const std::string& name,
                                   const std::string& file);

/// What a Constant node holds as value, value_float(s) or value_int(s); throws likewise, and when
/// it holds none of these.
[[nodiscard]] Constant to_constant(const onnx::NodeProto& node, const std::string& file);

/// The same with its axes in another order; `axes` is a permutation of them.
[[nodiscard]] Constant transpose(const Constant& constant, const std::vector<std::size_t>& axes);

}  // namespace gibbon::models
