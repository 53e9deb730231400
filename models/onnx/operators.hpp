// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <onnx/onnx_pb.h>
#include <string_view>
#include <vector>

// What the reader knows of the standard: operators, and what of each it understands.
namespace gibbon::models::onnx {

/// Versions of the standard operators that are read. Before 7, constants were broadcast otherwise.
inline constexpr int kOldestOpset = 7;
inline constexpr int kNewestOpset = 25;

/// What becomes of an attribute.
enum class Attention {
  kRead,     ///< the reader takes its value, or refuses that
  kIgnored,  ///< no value of it changes a number of an inference in float32
};

struct AttributeRule {
  std::string_view name;
  ::onnx::AttributeProto::AttributeType type;
  Attention attention = Attention::kRead;
};

/// An operator from version `since` on, until a later entry of its name.
struct OperatorRule {
  std::string_view name;
  int since;
  int least_inputs;
  int most_inputs;
  int outputs;  ///< the most that inference has; names of others must be empty
  std::vector<AttributeRule> attributes;
};

[[nodiscard]] const std::vector<OperatorRule>& operators();

/// The entry that holds in a version; nullptr: there is no such operator.
[[nodiscard]] const OperatorRule* find_operator(std::string_view name, int opset);

/// Throws a Misfit for operators of other domains, unknown ones and those younger than `opset`, for
/// numbers of inputs and outputs that do not fit, and for every attribute that the entry does not
/// name, that occurs twice, or holds another type or a number that is not finite.
void check_node(const ::onnx::NodeProto& node, int opset);

// Attributes of a node that check_node() has passed.
[[nodiscard]] float float_attribute(const ::onnx::NodeProto& node, std::string_view name,
                                    float fallback);
[[nodiscard]] std::int64_t int_attribute(const ::onnx::NodeProto& node, std::string_view name,
                                         std::int64_t fallback);
/// nullptr: it has none of this name.
[[nodiscard]] const ::onnx::AttributeProto* find_attribute(const ::onnx::NodeProto& node,
                                                           std::string_view name);

}  // namespace gibbon::models::onnx
