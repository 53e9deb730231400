// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>

#include "models/layer.hpp"

namespace gibbon::models::onnx {

/// The window that kernel_shape, strides, pads, dilations, auto_pad and ceil_mode of a node
/// describe over rows and columns of `input`. Throws a Misfit for windows that are not of two
/// dimensions, sizes below 1 and negative padding. A kernel of `weight` size must be the declared
/// one; 0: taken from the attribute.
[[nodiscard]] Window window_of(const ::onnx::NodeProto& node, const FeatureShape& input,
                               std::size_t weight_height, std::size_t weight_width);

}  // namespace gibbon::models::onnx
