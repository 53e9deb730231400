// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>
#include <optional>
#include <string>
#include <string_view>

#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

/// The message in the bytes of a model file, before anything in it is believed. What it will take
/// in memory is worked out from the bytes first and taken from `budget`: a node is two bytes in a
/// file and hundreds in memory. Throws an input Error that names the file where it is no ONNX model
/// or takes too much.
[[nodiscard]] ::onnx::ModelProto parse_proto(std::string_view bytes, const std::string& name,
                                             Budget& budget);

/// The version of the standard operators that the model imports; throws a Misfit where that is
/// missing or not one of those that are read, and for parts of a model that a network has not:
/// local functions, training, sparse weights.
[[nodiscard]] int opset_of(const ::onnx::ModelProto& model);

/// The dimensions that an input of the graph declares; 0 stands for one without a number. Throws a
/// Misfit for elements other than float32, double and bytes; empty where there is no shape.
[[nodiscard]] std::optional<Dims> input_dims(const ::onnx::TypeProto::Tensor& type);

/// Whether an input declares bytes, 0 to 255.
[[nodiscard]] bool takes_bytes(const ::onnx::ValueInfoProto& input);

}  // namespace gibbon::models::onnx
