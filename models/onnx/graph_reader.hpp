// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>
#include <string>

#include "models/model_file.hpp"
#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

/// Whether a file needs a graph: it convolves or pools, joins channels, or adds branches.
[[nodiscard]] bool is_graph(const ::onnx::ModelProto& model);

/// The network of such a file as a Graph. What depends on constants and shapes alone is computed
/// here; a final Softmax or LogSoftmax is taken off. Throws an input Error that names file and
/// node.
[[nodiscard]] ModelFile read_graph(const ::onnx::ModelProto& model, const std::string& file,
                                   Budget& budget);

}  // namespace gibbon::models::onnx
