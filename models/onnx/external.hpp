// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <onnx/onnx_pb.h>
#include <string>

#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

/// Reads the tensors that lie in files beside the model into it. Only files inside `folder`: no
/// absolute path, no "..", no link that leads out. What is read counts against `budget`. Returns
/// the bytes' SHA-256 one after another, in the order of the tensors; empty where there are none.
/// Throws a Misfit that names the tensor.
[[nodiscard]] std::string load_external(::onnx::ModelProto& model,
                                        const std::filesystem::path& folder, Budget& budget);

}  // namespace gibbon::models::onnx
