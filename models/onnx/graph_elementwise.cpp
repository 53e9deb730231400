// SPDX-License-Identifier: MIT
#include "models/onnx/graph_elementwise.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "models/onnx/fold.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<double> negative(std::vector<double> of) {
  for (double& v : of) v = -v;
  return of;
}

}  // namespace

void GraphElementwise::arithmetic(const ::onnx::NodeProto& node) {
  const std::string& op = node.op_type();
  for (int k = 0; k < 2; ++k) {  // made by no node: input() says so
    if (!constants_.contains(node.input(k))) static_cast<void>(input(node, k));
  }
  if (value(node.input(0)) == nullptr || value(node.input(1)) == nullptr) {
    const bool constant_first = value(node.input(0)) == nullptr;
    const Value from = input(node, constant_first ? 1 : 0);
    return with_constant(node, from, weights(node, constant_first ? 0 : 1, "its other input"),
                         constant_first);
  }
  if (op == "Div") misfit("Div of two branches is not supported; allowed are Add, Sub and Mul");
  const Dims dims = broadcast_dims(input(node, 0).dims, input(node, 1).dims);
  const Value a = broadcast(node, input(node, 0), dims);
  Value b = broadcast(node, input(node, 1), dims);
  if (op == "Sub") b = scaled(node, b, -1.0, 0.0);  // a - b = a + (-b), without a rounding
  append(node, op == "Mul" ? multiply() : add(), {a.index, b.index}, dims);
}

void GraphElementwise::with_constant(const ::onnx::NodeProto& node, const Value& from,
                                     const Constant& c, bool constant_first) {
  const std::string& op = node.op_type();
  const Value wide = broadcast(node, from, broadcast_dims(from.dims, c.dims));
  std::vector<double> values = spread(c, wide.dims);
  std::vector<double> ones(values.size(), 1.0);
  std::vector<double> zeros(values.size(), 0.0);
  LayerPtr layer;
  if (op == "Add") layer = scale_shift(ones, values);
  if (op == "Sub") {
    layer =
        constant_first ? scale_shift(negative(ones), values) : scale_shift(ones, negative(values));
  }
  if (op == "Mul") layer = scale_shift(values, zeros);
  if (op == "Div") {
    if (constant_first) misfit("a constant divided by a value is not supported");
    if (std::ranges::count(values, 0.0) > 0) misfit("it divides by zero");
    for (double& v : values) v = 1.0 / v;
    layer = scale_shift(values, zeros);
  }
  append(node, std::move(layer), {wide.index}, wide.dims);
}

Value GraphElementwise::scaled(const ::onnx::NodeProto& node, const Value& from, double factor,
                               double term) {
  const std::size_t channels = shape(from).channels;
  return append_part(
      node, scale_shift(std::vector<double>(channels, factor), std::vector<double>(channels, term)),
      {from.index}, from.dims);
}

void GraphElementwise::sum(const ::onnx::NodeProto& node) {
  Dims dims = input(node).dims;
  for (int k = 1; k < node.input_size(); ++k) dims = broadcast_dims(dims, input(node, k).dims);
  std::vector<std::size_t> inputs;
  for (int k = 0; k < node.input_size(); ++k)
    inputs.push_back(broadcast(node, input(node, k), dims).index);
  append(node, add(), std::move(inputs), dims);
}

void GraphElementwise::negate(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  give(node, scaled(node, from, -1.0, 0.0));
}

float GraphElementwise::single(const ::onnx::NodeProto& node, int k, std::string_view what) {
  const Constant& c = weights(node, k, what);
  if (c.values.size() != 1) misfit("{} has {} numbers; allowed is 1", what, c.values.size());
  return c.values[0];
}

/// Squares and cubes, as the tanh form of GELU has them.
void GraphElementwise::power(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const Constant* given = constant(node.input(1));
  const bool whole = given != nullptr && given->integers.size() == 1;
  const double exponent = whole ? static_cast<double>(given->integers[0])
                                : static_cast<double>(single(node, 1, "its exponent"));
  if (exponent != 2.0 && exponent != 3.0) {
    misfit("its exponent is {}; allowed are 2 and 3", exponent);
  }
  Value out = append_part(node, multiply(), {from.index, from.index}, from.dims);
  if (exponent == 3.0) out = append_part(node, multiply(), {out.index, from.index}, from.dims);
  give(node, std::move(out));
}

void GraphElementwise::clip_value(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const auto border = [&](int k, std::string_view name, float usual) {
    if (k < node.input_size() && !node.input(k).empty()) return single(node, k, name);
    const float given = float_attribute(node, name, usual);
    return given == std::numeric_limits<float>::max()      ? kInfinity
           : given == std::numeric_limits<float>::lowest() ? -kInfinity
                                                           : given;
  };
  const float low = border(1, "min", -kInfinity);
  // Where they cross, the standard has the upper one.
  const float high = border(2, "max", kInfinity);
  append(node, clip(std::min(low, high), high), {from.index}, from.dims);
}

/// Max or Min of a value and constants of one number.
void GraphElementwise::extreme(const ::onnx::NodeProto& node) {
  const bool max = node.op_type() == "Max";
  const auto at = std::ranges::find_if(
      node.input(), [&](const std::string& name) { return value(name) != nullptr; });
  const Value from =
      input(node, at == node.input().end() ? 0 : static_cast<int>(at - node.input().begin()));
  float border = max ? -kInfinity : kInfinity;
  for (int k = 0; k < node.input_size(); ++k) {
    if (const Value* found = value(node.input(k)); found != nullptr) {
      if (found->index == from.index) continue;
      misfit("{} of two branches is not supported; allowed are constants of one number",
             node.op_type());
    }
    const Constant& c = weights(node, k, "one of its inputs");
    const float first = c.values[0];
    if (std::ranges::any_of(c.values, [&](float v) { return v != first; }) ||
        broadcast_dims(from.dims, c.dims) != from.dims) {
      misfit("a constant with different numbers is not supported; allowed is one number");
    }
    border = max ? std::max(border, first) : std::min(border, first);
  }
  append(node, max ? clip(border, kInfinity) : clip(-kInfinity, border), {from.index}, from.dims);
}

void GraphElementwise::parametric_relu(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const Constant& slopes = weights(node, 1, "its slope");
  if (slopes.values.size() == 1) {
    return append(node,
                  activate({&find_activation("leaky-relu"), static_cast<double>(slopes.values[0])}),
                  {from.index}, from.dims);
  }
  if (broadcast_dims(from.dims, slopes.dims) != from.dims) {
    misfit("shape mismatch: its slopes {} beside {}", to_text(slopes.dims), to_text(from.dims));
  }
  const std::vector<double> spread_out = spread(slopes, from.dims);
  append(node, prelu({spread_out.begin(), spread_out.end()}), {from.index}, from.dims);
}

/// HardSigmoid, min(max(alpha x + beta, 0), 1), and HardSwish, x times that.
void GraphElementwise::hard(const ::onnx::NodeProto& node) {
  if (is_activation(node)) return activation(node);
  const Value from = input(node);
  const bool swish = node.op_type() == "HardSwish";
  const double alpha =
      swish ? 1.0 / 6.0 : static_cast<double>(float_attribute(node, "alpha", 0.2F));
  const double beta = static_cast<double>(float_attribute(node, "beta", 0.5F));
  Value gate = scaled(node, from, alpha, beta);
  gate = append_part(node, clip(0.0F, 1.0F), {gate.index}, gate.dims);
  if (swish) gate = append_part(node, multiply(), {from.index, gate.index}, from.dims);
  give(node, std::move(gate));
}

void GraphElementwise::activation(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  append(node, activate(activation_of(node)), {from.index}, from.dims);
}

}  // namespace gibbon::models::onnx
