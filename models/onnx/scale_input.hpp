// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <onnx/onnx_pb.h>
#include <string>
#include <string_view>

#include "models/input_scaling.hpp"

namespace gibbon::models::onnx {

/// Puts the scaling into the model, as nodes Mul, Sub and Div before all others, and says so in its
/// metadata (gibbon.input.mean, .std, .range): any reader of ONNX then does it. Channels are the
/// second axis of a picture of four axes, or the last where the second cannot be one. Inputs
/// without channels take one number for all, or one for each.
///
/// Throws a usage Error that names `file` where the numbers do not fit the channels, or where the
/// input is scaled already; a Misfit for a graph without exactly one input of a known shape.
void scale_input(::onnx::ModelProto& model, const InputScaling& scaling, const std::string& file);

/// The same from bytes to bytes, for a file to write; `metadata` is added, and replaces entries of
/// the same names. Throws an input Error for what is not an ONNX model.
[[nodiscard]] std::string with_scaled_input(std::string_view bytes, const std::string& name,
                                            const InputScaling& scaling,
                                            const std::map<std::string, std::string>& metadata);

}  // namespace gibbon::models::onnx
