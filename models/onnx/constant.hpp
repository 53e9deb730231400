// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <onnx/onnx_pb.h>
#include <string>
#include <vector>

#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

/// A tensor that a model file holds: weights, or the whole numbers of a shape.
struct Constant {
  Dims dims;
  std::vector<float> values;           ///< row-major; empty for whole numbers
  std::vector<std::int64_t> integers;  ///< row-major; empty for weights
  bool truth = false;                  ///< integers are 0 and 1, stored as bool
  int type = 0;                        ///< the data type in the file; 0: worked out here
  bool rounded = false;                ///< stored in double and no float32 numbers

  [[nodiscard]] std::size_t size() const { return values.size() + integers.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return values.size() * sizeof(float) + integers.size() * sizeof(std::int64_t);
  }
};

/// Throws a Misfit for data types other than float32, double, float16, bfloat16 (whose numbers
/// float32 has all), int64, int32, int8, uint8 and bool, for numbers that are not finite, do not
/// fit the shape or lie in another file.
[[nodiscard]] Constant to_constant(const ::onnx::TensorProto& tensor, Budget& budget);

/// What a Constant node holds as value, value_float(s) or value_int(s), which check_node() has
/// passed; throws likewise, and unless it holds exactly one of these.
[[nodiscard]] Constant to_constant(const ::onnx::NodeProto& node, Budget& budget);

/// The same with its axes in another order; `axes` is a permutation of them.
[[nodiscard]] Constant transpose(const Constant& constant, const std::vector<std::size_t>& axes);

/// Cast to a data type of the standard; a Misfit where that would change numbers or is not read.
[[nodiscard]] Constant cast(const Constant& constant, std::int64_t type);

}  // namespace gibbon::models::onnx
