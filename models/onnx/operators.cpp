// SPDX-License-Identifier: MIT
#include "models/onnx/operators.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "models/activation.hpp"
#include "models/onnx/axes.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

using Type = ::onnx::AttributeProto;

std::vector<OperatorRule> all_operators() {
  const AttributeRule alpha{"alpha", Type::FLOAT};
  const AttributeRule axes{"axes", Type::INTS};
  const AttributeRule axis{"axis", Type::INT};
  const AttributeRule beta{"beta", Type::FLOAT};
  const AttributeRule epsilon{"epsilon", Type::FLOAT};
  // Of running means while training.
  const AttributeRule momentum{"momentum", Type::FLOAT, Attention::kIgnored};
  const AttributeRule ratio{"ratio", Type::FLOAT, Attention::kIgnored};
  const AttributeRule seed{"seed", Type::INT, Attention::kIgnored};
  const AttributeRule to{"to", Type::INT};
  // Of casts to formats of eight bits.
  const AttributeRule saturate{"saturate", Type::INT, Attention::kIgnored};
  const AttributeRule round_mode{"round_mode", Type::STRING, Attention::kIgnored};
  const std::vector<AttributeRule> product{
      alpha, beta, {"transA", Type::INT}, {"transB", Type::INT}};
  const AttributeRule value{"value", Type::TENSOR};
  const AttributeRule auto_pad{"auto_pad", Type::STRING};
  const AttributeRule kernel{"kernel_shape", Type::INTS};
  const AttributeRule pads{"pads", Type::INTS};
  const AttributeRule strides{"strides", Type::INTS};
  const AttributeRule dilations{"dilations", Type::INTS};
  const AttributeRule ceil{"ceil_mode", Type::INT};
  const AttributeRule counted{"count_include_pad", Type::INT};
  const AttributeRule order{"storage_order", Type::INT};
  const AttributeRule keepdims{"keepdims", Type::INT};
  // Of a mean over no axes, which is refused.
  const AttributeRule noop{"noop_with_empty_axes", Type::INT, Attention::kIgnored};
  const AttributeRule mode{"mode", Type::STRING};
  const AttributeRule dtype{"output_dtype", Type::INT};
  const AttributeRule block{"block_size", Type::INT};
  const AttributeRule precision{"precision", Type::INT};
  const AttributeRule transformation{"coordinate_transformation_mode", Type::STRING};
  const AttributeRule nearest{"nearest_mode", Type::STRING};
  // Of cubic and cropping modes, which are refused.
  const AttributeRule cubic{"cubic_coeff_a", Type::FLOAT, Attention::kIgnored};
  const AttributeRule exclude{"exclude_outside", Type::INT, Attention::kIgnored};
  const AttributeRule extrapolation{"extrapolation_value", Type::FLOAT, Attention::kIgnored};
  const AttributeRule antialias{"antialias", Type::INT};
  const AttributeRule aspect{"keep_aspect_ratio_policy", Type::STRING};
  // Of the shape of a label, not of the scores.
  const AttributeRule of_label{"keepdims", Type::INT, Attention::kIgnored};
  const AttributeRule last{"select_last_index", Type::INT};
  // What an empty list of axes means for a sum.
  const AttributeRule all_axes{"noop_with_empty_axes", Type::INT};
  constexpr int kAny = std::numeric_limits<int>::max();
  return {
      // name, since, inputs, outputs, attributes
      {"Abs", 6, 1, 1, 1, {}},
      {"Add", 7, 2, 2, 1, {}},
      {"ArgMax", 1, 1, 1, 1, {axis, of_label}},
      {"ArgMax", 12, 1, 1, 1, {axis, of_label, last}},
      {"AveragePool", 7, 1, 1, 1, {auto_pad, kernel, pads, strides, counted}},
      {"AveragePool", 10, 1, 1, 1, {auto_pad, kernel, pads, strides, counted, ceil}},
      {"AveragePool", 19, 1, 1, 1, {auto_pad, kernel, pads, strides, counted, ceil, dilations}},
      {"BatchNormalization", 7, 5, 5, 1, {epsilon, momentum, {"spatial", Type::INT}}},
      {"BatchNormalization", 9, 5, 5, 1, {epsilon, momentum}},
      {"BatchNormalization", 14, 5, 5, 1, {epsilon, momentum, {"training_mode", Type::INT}}},
      {"Cast", 6, 1, 1, 1, {to}},
      {"Cast", 19, 1, 1, 1, {to, saturate}},
      {"Cast", 24, 1, 1, 1, {to, saturate, round_mode}},
      {"Clip", 6, 1, 1, 1, {{"min", Type::FLOAT}, {"max", Type::FLOAT}}},
      {"Clip", 11, 1, 3, 1, {}},
      {"Concat", 4, 1, kAny, 1, {axis}},
      {"Constant", 1, 0, 0, 1, {value}},
      {"Constant",
       12,
       0,
       0,
       1,
       {value,
        {"value_float", Type::FLOAT},
        {"value_floats", Type::FLOATS},
        {"value_int", Type::INT},
        {"value_ints", Type::INTS}}},
      {"ConstantOfShape", 9, 1, 1, 1, {value}},
      {"Conv", 1, 2, 3, 1, {auto_pad, kernel, pads, strides, dilations, {"group", Type::INT}}},
      {"DequantizeLinear", 10, 2, 3, 1, {}},
      {"DequantizeLinear", 13, 2, 3, 1, {axis}},
      {"DequantizeLinear", 21, 2, 3, 1, {axis, block}},
      {"DequantizeLinear", 23, 2, 3, 1, {axis, block, dtype}},
      {"Div", 7, 2, 2, 1, {}},
      {"Dropout", 7, 1, 1, 2, {ratio}},
      {"Dropout", 12, 1, 3, 2, {seed}},
      {"Elu", 6, 1, 1, 1, {alpha}},
      {"Erf", 9, 1, 1, 1, {}},
      {"Exp", 6, 1, 1, 1, {}},
      {"Expand", 8, 2, 2, 1, {}},
      {"Flatten", 1, 1, 1, 1, {axis}},
      {"Gather", 1, 2, 2, 1, {axis}},
      {"Gelu", 20, 1, 1, 1, {{"approximate", Type::STRING}}},
      {"Gemm", 7, 3, 3, 1, product},
      {"Gemm", 11, 2, 3, 1, product},
      {"GlobalAveragePool", 1, 1, 1, 1, {}},
      {"HardSigmoid", 6, 1, 1, 1, {alpha, beta}},
      {"HardSwish", 14, 1, 1, 1, {}},
      {"Identity", 1, 1, 1, 1, {}},
      {"LeakyRelu", 6, 1, 1, 1, {alpha}},
      {"LogSoftmax", 1, 1, 1, 1, {axis}},
      {"MatMul", 1, 2, 2, 1, {}},
      {"Max", 6, 1, kAny, 1, {}},
      {"MaxPool", 1, 1, 1, 1, {auto_pad, kernel, pads, strides}},
      {"MaxPool", 8, 1, 1, 1, {auto_pad, kernel, pads, strides, order}},
      {"MaxPool", 10, 1, 1, 1, {auto_pad, kernel, pads, strides, order, ceil, dilations}},
      {"Min", 6, 1, kAny, 1, {}},
      {"Mul", 7, 2, 2, 1, {}},
      {"Neg", 6, 1, 1, 1, {}},
      {"PRelu", 7, 2, 2, 1, {}},
      {"Pad", 2, 1, 1, 1, {mode, pads, {"value", Type::FLOAT}}},
      {"Pad", 11, 2, 3, 1, {mode}},
      {"Pad", 18, 2, 4, 1, {mode}},
      {"Pow", 7, 2, 2, 1, {}},
      {"QuantizeLinear", 10, 2, 3, 1, {}},
      {"QuantizeLinear", 13, 2, 3, 1, {axis}},
      {"QuantizeLinear", 19, 2, 3, 1, {axis, saturate}},
      {"QuantizeLinear", 21, 2, 3, 1, {axis, saturate, block, dtype}},
      {"QuantizeLinear", 23, 2, 3, 1, {axis, saturate, block, dtype, precision}},
      {"Reciprocal", 6, 1, 1, 1, {}},
      {"ReduceL2", 1, 1, 1, 1, {axes, keepdims}},
      {"ReduceL2", 18, 1, 2, 1, {keepdims, all_axes}},
      {"ReduceMean", 1, 1, 1, 1, {axes, keepdims}},
      {"ReduceMean", 18, 1, 2, 1, {keepdims, noop}},
      {"ReduceSum", 1, 1, 1, 1, {axes, keepdims}},
      {"ReduceSum", 13, 1, 2, 1, {keepdims, all_axes}},
      {"Relu", 6, 1, 1, 1, {}},
      {"Reshape", 5, 2, 2, 1, {}},
      {"Reshape", 14, 2, 2, 1, {{"allowzero", Type::INT}}},
      {"Resize", 10, 2, 2, 1, {mode}},
      {"Resize", 11, 3, 4, 1, {mode, transformation, nearest, cubic, exclude, extrapolation}},
      {"Resize", 13, 1, 4, 1, {mode, transformation, nearest, cubic, exclude, extrapolation}},
      {"Resize",
       18,
       1,
       4,
       1,
       {mode, transformation, nearest, cubic, exclude, extrapolation, antialias, axes, aspect}},
      {"Shape", 1, 1, 1, 1, {}},
      {"Shape", 15, 1, 1, 1, {{"start", Type::INT}, {"end", Type::INT}}},
      {"Sigmoid", 6, 1, 1, 1, {}},
      {"Slice", 1, 1, 1, 1, {axes, {"starts", Type::INTS}, {"ends", Type::INTS}}},
      {"Slice", 10, 3, 5, 1, {}},
      {"Softmax", 1, 1, 1, 1, {axis}},
      {"Softplus", 1, 1, 1, 1, {}},
      {"Split", 2, 1, 1, kAny, {axis, {"split", Type::INTS}}},
      {"Split", 13, 1, 2, kAny, {axis}},
      {"Split", 18, 1, 2, kAny, {axis, {"num_outputs", Type::INT}}},
      {"Sqrt", 6, 1, 1, 1, {}},
      {"Squeeze", 1, 1, 1, 1, {axes}},
      {"Squeeze", 13, 1, 2, 1, {}},
      {"Sub", 7, 2, 2, 1, {}},
      {"Sum", 6, 1, kAny, 1, {}},
      {"Swish", 24, 1, 1, 1, {alpha}},
      {"Tanh", 6, 1, 1, 1, {}},
      {"Transpose", 1, 1, 1, 1, {{"perm", Type::INTS}}},
      {"Unsqueeze", 1, 1, 1, 1, {axes}},
      {"Unsqueeze", 13, 2, 2, 1, {}},
      {"Upsample", 7, 1, 1, 1, {mode, {"scales", Type::FLOATS}}},
      {"Upsample", 9, 2, 2, 1, {mode}},
  };
}

/// Those that are no activations, which have a list of their own.
std::string names_of_operators() {
  std::string out;
  std::string_view before;
  for (const OperatorRule& rule : operators()) {
    const bool listed = std::ranges::count(activations(), rule.name, &ActivationInfo::onnx_op) > 0;
    if (rule.name == std::exchange(before, rule.name)) continue;
    if (!listed) out += fmt::format("{}{}", out.empty() ? "" : ", ", rule.name);
  }
  return out;
}

const OperatorRule& rule_of(const ::onnx::NodeProto& node, int opset) {
  const std::string& op = node.op_type();
  if (!node.domain().empty() && node.domain() != "ai.onnx") {
    misfit(
        "its domain is '{}'; allowed are the operators of the standard itself, without a domain; "
        "export the model without others",
        shown(node.domain()));
  }
  if (const OperatorRule* rule = find_operator(op, opset)) return *rule;
  const auto younger = std::ranges::find(operators(), op, &OperatorRule::name);
  if (younger != operators().end()) {
    misfit("it came with opset {}, but the file imports {}; export it with a newer opset",
           younger->since, opset);
  }
  misfit(
      "operator {} is not supported; allowed are {}, and the activations of 'gibbon list "
      "activations'",
      shown(op), names_of_operators());
}

void check_counts(const ::onnx::NodeProto& node, const OperatorRule& rule, int opset) {
  const int inputs = node.input_size();
  if (inputs < rule.least_inputs || inputs > rule.most_inputs) {
    misfit("it has {} inputs; allowed are {} to {} in opset {}", inputs, rule.least_inputs,
           rule.most_inputs, opset);
  }
  if (node.output_size() == 0 || node.output(0).empty()) misfit("it has no output");
  for (int k = rule.outputs; k < node.output_size(); ++k) {
    if (node.output(k).empty()) continue;
    misfit(
        "it has an output {}, '{}', which does not exist in inference; export the model for "
        "inference",
        k + 1, shown(node.output(k)));
  }
}

std::string names_of(const OperatorRule& rule) {
  std::string out;
  for (const AttributeRule& known : rule.attributes) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", known.name);
  }
  return out.empty() ? "it has none" : "known are " + out;
}

/// A value beside the one that its type names would be overlooked.
bool holds_more_than(const ::onnx::AttributeProto& attribute, Type::AttributeType type) {
  return (attribute.has_f() && type != Type::FLOAT) || (attribute.has_i() && type != Type::INT) ||
         (attribute.has_s() && type != Type::STRING) ||
         (attribute.has_t() && type != Type::TENSOR) || attribute.has_g() ||
         (attribute.floats_size() > 0 && type != Type::FLOATS) ||
         (attribute.ints_size() > 0 && type != Type::INTS) || attribute.strings_size() > 0 ||
         attribute.tensors_size() > 0 || attribute.graphs_size() > 0 ||
         attribute.has_sparse_tensor() || attribute.sparse_tensors_size() > 0;
}

void check_attribute(const ::onnx::AttributeProto& attribute, const OperatorRule& rule, int opset) {
  const std::string name = shown(attribute.name());
  const auto known = std::ranges::find(rule.attributes, attribute.name(), &AttributeRule::name);
  if (known == rule.attributes.end()) {
    misfit("attribute '{}' is not supported; {} in opset {}; export the model without it", name,
           names_of(rule), opset);
  }
  if (attribute.type() != known->type || !attribute.ref_attr_name().empty() ||
      holds_more_than(attribute, known->type)) {
    misfit("attribute '{}' is of type {}; allowed is {} ({}), and no other value beside it", name,
           static_cast<int>(attribute.type()),
           ::onnx::AttributeProto::AttributeType_Name(known->type), static_cast<int>(known->type));
  }
  if (known->type == Type::FLOAT && !std::isfinite(attribute.f())) {
    misfit("attribute '{}' is {}; it must be finite", name, attribute.f());
  }
}

}  // namespace

const std::vector<OperatorRule>& operators() {
  static const std::vector<OperatorRule> all = all_operators();
  return all;
}

const OperatorRule* find_operator(std::string_view name, int opset) {
  const OperatorRule* found = nullptr;
  for (const OperatorRule& rule : operators()) {
    if (rule.name == name && rule.since <= opset) found = &rule;  // they stand in order of `since`
  }
  return found;
}

void check_node(const ::onnx::NodeProto& node, int opset) {
  const OperatorRule& rule = rule_of(node, opset);
  check_counts(node, rule, opset);
  // Every name that passes is one of the entry's few, so the inner loop stays short.
  for (int k = 0; k < node.attribute_size(); ++k) {
    check_attribute(node.attribute(k), rule, opset);
    for (int before = 0; before < k; ++before) {
      if (node.attribute(before).name() != node.attribute(k).name()) continue;
      misfit("attribute '{}' occurs twice", shown(node.attribute(k).name()));
    }
  }
}

const ::onnx::AttributeProto* find_attribute(const ::onnx::NodeProto& node, std::string_view name) {
  const auto found = std::ranges::find(node.attribute(), name, &::onnx::AttributeProto::name);
  return found == node.attribute().end() ? nullptr : &*found;
}

float float_attribute(const ::onnx::NodeProto& node, std::string_view name, float fallback) {
  const ::onnx::AttributeProto* found = find_attribute(node, name);
  return found == nullptr ? fallback : found->f();
}

std::int64_t int_attribute(const ::onnx::NodeProto& node, std::string_view name,
                           std::int64_t fallback) {
  const ::onnx::AttributeProto* found = find_attribute(node, name);
  return found == nullptr ? fallback : found->i();
}

}  // namespace gibbon::models::onnx
