// SPDX-License-Identifier: MIT
#pragma once

#include <onnx/onnx_pb.h>
#include <string>
#include <string_view>
#include <unordered_map>

#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

/// An activation that a file spells out in several nodes.
struct Spelt {
  std::string from;             ///< the value that it is applied to
  std::string output;           ///< what the last of its nodes makes
  std::string_view activation;  ///< "silu" or "gelu"
};

/// z · σ(z), and z · (1 + erf(z / √2)) / 2 in any order of its factors: for every output of one of
/// their nodes, what it belongs to. Parts that other nodes use as well are left as they are.
[[nodiscard]] std::unordered_map<std::string, Spelt> spelt_activations(
    const ::onnx::GraphProto& graph, Budget budget);

}  // namespace gibbon::models::onnx
