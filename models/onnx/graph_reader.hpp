// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>
#include <string>

#include "models/model_file.hpp"
#include "models/onnx/budget.hpp"
#include "models/onnx/scores.hpp"

namespace gibbon::models::onnx {

/// The network of a file as a Graph. What depends on constants and shapes alone is computed here;
/// what stands behind the scores is taken off: Softmax, LogSoftmax, Sigmoid, ArgMax, and what moves
/// no number. Throws an input Error that names file and node.
[[nodiscard]] ModelFile read_graph(const ::onnx::ModelProto& model, const std::string& file,
                                   Budget& budget, Ending ending);

}  // namespace gibbon::models::onnx
