// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>
#include <string>

#include "models/onnx/axes.hpp"

namespace gibbon::models::onnx {

/// The dimensions of an input of the graph. Those that the file leaves open (0), the first
/// excepted, come from the first weight that the input meets, where there is one that says them.
/// Throws a Misfit where the file has no shape and no such weight, or dimensions that it
/// contradicts.
[[nodiscard]] Dims shape_of_input(const ::onnx::GraphProto& graph,
                                  const ::onnx::ValueInfoProto& input);

}  // namespace gibbon::models::onnx
