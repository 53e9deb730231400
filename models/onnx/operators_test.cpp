// SPDX-License-Identifier: MIT
// Every attribute of every operator that is read, in every version of the standard that libonnx
// knows: it is honoured, or refused by name.
#include "models/onnx/operators.hpp"

#include <map>
#include <onnx/defs/schema.h>
#include <set>
#include <variant>

#include "models/graph.hpp"
#include "models/onnx/axes.hpp"
#include "models/onnx/handmade.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

int newest_of_libonnx() {
  return ::onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second;
}
const ::onnx::OpSchema* schema_of(const std::string& op, int opset) {
  return opset > newest_of_libonnx() ? nullptr : ::onnx::OpSchemaRegistry::Schema(op, opset, "");
}

std::set<std::string> names() {
  std::set<std::string> out;
  for (const OperatorRule& rule : operators()) out.emplace(rule.name);
  return out;
}

TEST(Operators, HaveTheInputsAndAttributesOfTheStandard) {
  std::set<std::string> refused;
  for (const std::string& op : names()) {
    for (int opset = kOldestOpset; opset <= newest_of_libonnx(); ++opset) {
      const ::onnx::OpSchema* schema = schema_of(op, opset);
      const OperatorRule* rule = find_operator(op, opset);
      ASSERT_EQ(schema == nullptr, rule == nullptr) << op << " in " << opset;
      if (rule == nullptr) continue;
      EXPECT_EQ(rule->least_inputs, schema->min_input()) << op << " in " << opset;
      EXPECT_EQ(rule->most_inputs, schema->max_input()) << op << " in " << opset;
      EXPECT_LE(rule->outputs, schema->max_output()) << op << " in " << opset;
      std::set<std::string> left;
      for (const auto& [name, attribute] : schema->attributes()) left.insert(name);
      for (const AttributeRule& known : rule->attributes) {
        const std::string name(known.name);
        ASSERT_EQ(left.erase(name), 1U) << op << "." << name << " in " << opset;
        EXPECT_EQ(known.type, schema->attributes().at(name).type) << op << "." << name;
      }
      for (const std::string& name : left) {
        refused.insert(op + "." + name);
        Handmade m;
        ::onnx::NodeProto& node = m.node(op, {}, "y");
        for (int k = 0; k < rule->least_inputs; ++k) node.add_input("x");
        ::onnx::AttributeProto& attribute = Handmade::attribute(node, name);
        attribute.set_type(schema->attributes().at(name).type);
        EXPECT_THAT([&] { check_node(node, opset); },
                    ThrowsMessage<Misfit>(HasSubstr("attribute '" + name + "' is not supported")));
      }
    }
  }
  EXPECT_EQ(refused, (std::set<std::string>{"Constant.sparse_value", "Constant.value_string",
                                            "Constant.value_strings"}));
}

TEST(Operators, HaveAnEntryForEveryActivation) {
  for (const ActivationInfo& info : activations()) {
    EXPECT_NE(find_operator(info.onnx_op, kNewestOpset), nullptr) << info.name;
  }
}

using Numbers = std::vector<std::int64_t>;
using Value = std::variant<float, std::int64_t, std::string, Numbers, Floats>;

/// Two values of an attribute; the first is the standard's default where it has one.
struct Trial {
  std::string op;
  std::string attribute;
  Value usual;
  Value other;
};
constexpr float kSteep = std::numeric_limits<float>::max();

std::vector<Trial> trials(int opset) {
  const auto whole = [](std::int64_t value) { return Value(value); };
  const std::int64_t classes = opset < 13 ? 1 : -1;
  const Numbers ones{1, 1};
  const Numbers twos{2, 2};
  return {{"ArgMax", "axis", whole(0), whole(1)},
          {"ArgMax", "keepdims", whole(1), whole(0)},
          {"ArgMax", "select_last_index", whole(0), whole(1)},
          {"Clip", "max", kSteep, 0.5F},
          {"Clip", "min", -kSteep, 0.5F},
          {"ConstantOfShape", "value", Floats{2}, Floats{3}},
          {"DequantizeLinear", "axis", whole(1), whole(0)},
          {"DequantizeLinear", "block_size", whole(0), whole(2)},
          {"DequantizeLinear", "output_dtype", whole(0), whole(1)},
          {"Elu", "alpha", 1.0F, 0.5F},
          {"Pad", "mode", "constant", "edge"},
          {"Pad", "pads", Numbers{0, 0, 1, 0, 0, 0, 0, 0}, Numbers{0, 0, 0, 1, 0, 0, 0, 0}},
          {"Pad", "value", 0.0F, 1.0F},
          {"QuantizeLinear", "axis", whole(1), whole(0)},
          {"QuantizeLinear", "block_size", whole(0), whole(2)},
          {"QuantizeLinear", "output_dtype", whole(0), whole(3)},
          {"QuantizeLinear", "precision", whole(0), whole(1)},
          {"QuantizeLinear", "saturate", whole(1), whole(0)},
          {"ReduceL2", "axes", Numbers{1}, Numbers{0}},
          {"ReduceL2", "keepdims", whole(1), whole(0)},
          {"ReduceL2", "noop_with_empty_axes", whole(0), whole(1)},
          {"ReduceSum", "axes", Numbers{1}, Numbers{0}},
          {"ReduceSum", "keepdims", whole(1), whole(0)},
          {"ReduceSum", "noop_with_empty_axes", whole(0), whole(1)},
          {"Resize", "antialias", whole(0), whole(1)},
          {"Resize", "axes", Numbers{0, 1, 2, 3}, Numbers{0, 1, 3, 2}},
          {"Resize", "coordinate_transformation_mode", "half_pixel", "align_corners"},
          {"Resize", "cubic_coeff_a", -0.75F, -0.5F},
          {"Resize", "exclude_outside", whole(0), whole(1)},
          {"Resize", "extrapolation_value", 0.0F, 1.0F},
          {"Resize", "keep_aspect_ratio_policy", "stretch", "not_larger"},
          {"Resize", "mode", "nearest", "linear"},
          {"Resize", "nearest_mode", "round_prefer_floor", "ceil"},
          {"Slice", "axes", Numbers{2}, Numbers{3}},
          {"Slice", "ends", Numbers{3}, Numbers{2}},
          {"Slice", "starts", Numbers{1}, Numbers{0}},
          {"Split", "axis", whole(0), whole(1)},
          {"Split", "num_outputs", whole(2), whole(3)},
          {"Split", "split", Numbers{1, 1}, Numbers{2, 1}},
          {"Swish", "alpha", 1.0F, 0.5F},
          {"Upsample", "mode", "nearest", "linear"},
          {"Upsample", "scales", Floats{1, 1, 2, 3}, Floats{1, 1, 3, 2}},
          {"AveragePool", "auto_pad", "NOTSET", "SAME_UPPER"},
          {"AveragePool", "ceil_mode", whole(0), whole(1)},
          {"AveragePool", "count_include_pad", whole(0), whole(1)},
          {"AveragePool", "dilations", ones, twos},
          {"AveragePool", "kernel_shape", twos, Numbers{2, 1}},
          {"AveragePool", "pads", Numbers{1, 0, 0, 0}, Numbers{0, 1, 0, 0}},
          {"AveragePool", "strides", twos, Numbers{1, 2}},
          {"BatchNormalization", "epsilon", 1e-5F, 0.5F},
          {"BatchNormalization", "momentum", 0.9F, 0.1F},
          {"BatchNormalization", "spatial", whole(1), whole(0)},
          {"BatchNormalization", "training_mode", whole(0), whole(1)},
          {"Cast", "to", whole(::onnx::TensorProto::FLOAT), whole(::onnx::TensorProto::INT64)},
          {"Cast", "saturate", whole(1), whole(0)},
          {"Cast", "round_mode", "up", "down"},
          {"Concat", "axis", whole(1), whole(0)},
          {"Constant", "value", Floats{1, 2, 3, 4}, Floats{1, 2, 3, 5}},
          {"Constant", "value_float", 2.0F, 3.0F},
          {"Constant", "value_floats", Floats{1, 2, 3, 4}, Floats{1, 2, 3, 5}},
          {"Constant", "value_int", whole(2), whole(3)},
          {"Constant", "value_ints", Numbers{1, 2, 3, 4}, Numbers{1, 2, 3, 5}},
          {"Conv", "auto_pad", "NOTSET", "SAME_UPPER"},
          {"Conv", "dilations", ones, Numbers{2, 1}},
          {"Conv", "group", whole(1), whole(2)},
          {"Conv", "kernel_shape", twos, Numbers{1, 2}},
          {"Conv", "pads", Numbers{0, 0, 0, 0}, Numbers{1, 0, 0, 0}},
          {"Conv", "strides", ones, Numbers{2, 1}},
          {"Dropout", "ratio", 0.5F, 0.9F},
          {"Dropout", "seed", whole(1), whole(2)},
          {"Flatten", "axis", whole(1), whole(2)},
          {"Gather", "axis", whole(0), whole(1)},
          {"Gelu", "approximate", "none", "tanh"},
          {"Gemm", "alpha", 1.0F, 2.0F},
          {"Gemm", "beta", 1.0F, 2.0F},
          {"Gemm", "transA", whole(0), whole(1)},
          {"Gemm", "transB", whole(0), whole(1)},
          {"HardSigmoid", "alpha", kSteep, 0.25F},
          {"HardSigmoid", "beta", 0.0F, 0.5F},
          {"LeakyRelu", "alpha", 0.01F, 0.5F},
          {"LogSoftmax", "axis", whole(classes), whole(0)},
          {"MaxPool", "auto_pad", "NOTSET", "SAME_UPPER"},
          {"MaxPool", "ceil_mode", whole(0), whole(1)},
          {"MaxPool", "dilations", ones, twos},
          {"MaxPool", "kernel_shape", twos, Numbers{2, 1}},
          {"MaxPool", "pads", Numbers{1, 0, 0, 0}, Numbers{0, 1, 0, 0}},
          {"MaxPool", "storage_order", whole(0), whole(1)},
          {"MaxPool", "strides", twos, Numbers{1, 2}},
          {"ReduceMean", "axes", Numbers{2, 3}, Numbers{1}},
          {"ReduceMean", "keepdims", whole(1), whole(0)},
          {"ReduceMean", "noop_with_empty_axes", whole(0), whole(1)},
          {"Reshape", "allowzero", whole(0), whole(1)},
          {"Shape", "start", whole(0), whole(1)},
          {"Shape", "end", whole(4), whole(3)},
          {"Softmax", "axis", whole(classes), whole(0)},
          {"Squeeze", "axes", Numbers{2}, Numbers{0}},
          {"Transpose", "perm", Numbers{0, 2, 1}, Numbers{0, 1, 2}},
          {"Unsqueeze", "axes", Numbers{0}, Numbers{1}}};
}

void set(::onnx::NodeProto& node, const std::string& name, const Value& value) {
  ::onnx::AttributeProto* attribute = nullptr;
  for (::onnx::AttributeProto& each : *node.mutable_attribute()) {
    if (each.name() == name) attribute = &each;
  }
  if (attribute == nullptr) attribute = node.add_attribute();
  attribute->Clear();
  attribute->set_name(name);
  if (const auto* f = std::get_if<float>(&value)) attribute->set_f(*f);
  if (const auto* i = std::get_if<std::int64_t>(&value)) attribute->set_i(*i);
  if (const auto* s = std::get_if<std::string>(&value)) attribute->set_s(*s);
  if (const auto* ints = std::get_if<Numbers>(&value)) {
    for (const std::int64_t i : *ints) attribute->add_ints(i);
  }
  if (const auto* floats = std::get_if<Floats>(&value)) {
    if (name == "value") {
      Handmade::fill(*attribute->mutable_t(), {static_cast<std::int64_t>(floats->size())}, *floats);
    } else {
      for (const float f : *floats) attribute->add_floats(f);
    }
  }
}

/// A network of four inputs and four classes through a node of this operator, which is its `at`.
struct Host {
  Handmade model;
  int at = 0;

  [[nodiscard]] ::onnx::NodeProto& node() { return *model.graph().mutable_node(at); }
};

/// The shape of the input that brings the operator out.
Numbers input_of(const std::string& op) {
  if (op == "Squeeze") return {1, 4, 1};
  if (op == "Unsqueeze" || op == "ArgMax") return {4};
  if (op == "Flatten" || op == "Transpose" || op == "Reshape") return {1, 2, 2};
  return {0, 4};
}

/// Operators of networks on pictures, here of 2 channels of 3 × 3.
bool is_of_pictures(const std::string& op) {
  return op == "AveragePool" || op == "Concat" || op == "Conv" || op == "Gather" ||
         op == "MaxPool" || op == "Pad" || op == "ReduceMean" || op == "Resize" || op == "Shape" ||
         op == "Slice" || op == "Split" || op == "Upsample";
}

Host picture_host(const std::string& op, int opset) {
  Host host;
  Handmade& m = host.model;
  m.opset(opset);
  m.input("x", op == "Split" ? Numbers{2, 3, 3} : Numbers{0, 2, 3, 3});
  m.tensor("W", {2, 2, 2, 2}, {1, 2, 0, 0, -3, 1, 0, 4, 0, 5, 1, 0, 0, 0, 6, -1});
  m.integers("places", {0, 1, 2, 3});
  m.integers("rows-columns", {2, 3});
  if (op == "Gather") m.node("Shape", {"x"}, "s");
  host.at = m.graph().node_size();
  if (op == "Conv") m.node(op, {"x", "W"}, "p");
  if (op == "Concat") m.node(op, {"x", "x"}, "p");
  if (op == "Shape") m.node(op, {"x"}, "s");
  if (op == "Gather") m.node(op, {"s", "places"}, "to");
  if (op == "MaxPool" || op == "AveragePool") {
    ::onnx::NodeProto& node = m.node(op, {"x"}, "p");
    set(node, "kernel_shape", Numbers{2, 2});
    set(node, "strides", Numbers{2, 2});
    set(node, "pads", Numbers{1, 0, 0, 0});
  }
  if (op == "ReduceMean") {
    ::onnx::NodeProto& node = m.node(op, {"x"}, "p");
    if (opset < 18) set(node, "axes", Numbers{2, 3});
    if (opset >= 18) node.add_input("rows-columns");
  }
  if (op == "Pad" && opset < 11)
    set(m.node(op, {"x"}, "p"), "pads", Numbers{0, 0, 1, 0, 0, 0, 0, 0});
  if (op == "Pad" && opset >= 11) {
    m.integers("pads", {0, 0, 1, 0, 0, 0, 0, 0});
    m.node(op, {"x", "pads"}, "p");
  }
  if (op == "Slice") {
    ::onnx::NodeProto& node = m.node(op, {"x"}, "p");
    set(node, "axes", Numbers{2});
    set(node, "starts", Numbers{1});
    set(node, "ends", Numbers{3});
  }
  if (op == "Resize" || op == "Upsample") {
    m.tensor("scales", {4}, {1, 1, 2, 3});
    ::onnx::NodeProto& node = m.node(op, {"x"}, "p");
    if (op == "Upsample" && opset < 9) {
      set(node, "scales", Floats{1, 1, 2, 3});
    } else {
      if (op == "Resize" && opset >= 11) node.add_input(opset < 13 ? "scales" : "");
      node.add_input("scales");
    }
  }
  if (op == "Split") {
    ::onnx::NodeProto& node = m.node(op, {"x"}, "a");
    node.add_output("b");
    if (opset >= 18) set(node, "num_outputs", std::int64_t{2});
    m.integers("flat", {1, -1});
    m.node("Reshape", {"b", "flat"}, "y");
    m.output("y");
    return host;
  }
  if (op == "Shape" || op == "Gather") m.node("Reshape", {"x", op == "Shape" ? "s" : "to"}, "p");
  set(m.node("MaxPool", {"p"}, "q"), "kernel_shape", Numbers{1, 1});
  m.node("Flatten", {"q"}, "y");
  m.output("y");
  return host;
}

/// Operators that are worked out when the file is read, on a constant W.
Host constant_host(const std::string& op, int opset, const std::string& attribute) {
  Host host;
  Handmade& m = host.model;
  m.opset(opset);
  m.input("x", {0, 4});
  m.tensor("W", {4, 4}, {1, 2, 0, 0, -3, 1, 0, 4, 0, 5, 1, 0, 0, 0, 6, -1});
  m.tensor("steps", {4}, {1, 0.5F, 2, 0.25F});
  m.tensor("one", {}, {1});
  m.integers("four", {4});
  m.integers("axis", {1});
  ::onnx::TensorProto& whole = *m.graph().add_initializer();
  whole.set_name("whole");
  whole.set_data_type(::onnx::TensorProto::INT8);
  for (int k = 0; k < 2; ++k) whole.add_dims(4);
  for (int k = 0; k < 16; ++k) whole.add_int32_data(k * 5 % 7 - 3);
  if (op == "DequantizeLinear") m.node(op, {"whole", "steps"}, "c");
  if (op == "QuantizeLinear") {
    m.node(op, {"W", "steps"}, "q");
    m.node("DequantizeLinear", {"q", "one"}, "c");
  }
  if (op == "ConstantOfShape") m.node(op, {"four"}, "c");
  const bool sums = op == "ReduceSum" || op == "ReduceL2";
  const bool everything = attribute == "noop_with_empty_axes";
  if (sums) {
    ::onnx::NodeProto& node = m.node(op, {"W"}, "c");
    const bool as_input = opset >= (op == "ReduceSum" ? 13 : 18);
    if (!everything && as_input) node.add_input("axis");
    if (!everything && !as_input) set(node, "axes", Numbers{1});
  }
  m.node(op == "ConstantOfShape" || everything ? "Add" : "MatMul", {"x", "c"}, "z");
  m.node("MatMul", {"x", "W"}, "other");
  m.node("Add", {"z", "other"}, "y");
  m.output("y");
  return host;
}

bool is_of_constants(const std::string& op) {
  return op == "ConstantOfShape" || op == "DequantizeLinear" || op == "QuantizeLinear" ||
         op == "ReduceL2" || op == "ReduceSum";
}

Host host_of(const std::string& op, int opset, const std::string& of = "") {
  if (is_of_pictures(op)) return picture_host(op, opset);
  if (is_of_constants(op)) return constant_host(op, opset, of);
  Host host;
  Handmade& m = host.model;
  m.opset(opset);
  m.input("x", input_of(op));
  m.tensor("W", {4, 4}, {1, 2, 0, 0, -3, 1, 0, 4, 0, 5, 1, 0, 0, 0, 6, -1});
  m.tensor("b", {4}, {1, 2, 3, 4});
  m.integers("row", {0, -1});
  const bool layer = op == "Gemm";
  const bool shape = op == "Cast" || op == "Dropout" || op == "Flatten" || op == "Reshape" ||
                     op == "Squeeze" || op == "Transpose" || op == "Unsqueeze";
  const auto place = [&](const Names& inputs, const std::string& output) {
    host.at = m.graph().node_size();
    m.node(op, inputs, output);
    return output;
  };
  if (op == "Constant") {
    place({}, "c0");
    Handmade::attribute(m.node("Cast", {"c0"}, "c"), "to").set_i(::onnx::TensorProto::FLOAT);
    m.node("MatMul", {"x", "W"}, "z");
    m.node("Add", {"z", "c"}, "y");
  } else if (layer) {
    place({"x", "W", "b"}, "y");
  } else if (shape) {
    std::string from = place(op == "Reshape" ? Names{"x", "row"} : Names{"x"}, "s");
    if (op == "Transpose") {
      m.integers("flat", {1, 4});
      m.node("Reshape", {from, "flat"}, "f");
      from = "f";
    }
    m.node("MatMul", {from, "W"}, "y");
  } else {
    m.node("MatMul", {"x", "W"}, "z");
    place(op == "BatchNormalization" ? Names{"z", "b", "b", "b", "b"} : Names{"z"}, "y");
  }
  m.output("y");
  return host;
}

/// What the network says of one input, or why it is refused.
std::string outcome(const Host& host) {
  try {
    const ModelFile file = host.model.read_file();
    std::vector<double> z;
    if (file.graph) {
      const GraphModelOf<double> model(*file.graph);
      TapeOf<double> tape = model.make_tape(1);
      std::vector<double> x;
      for (std::size_t d = 0; d < model.input_dim(); ++d)
        x.push_back(static_cast<double>(d * d % 19) - 7.0);
      const auto row = model.forward({x.data(), 1, x.size()}, tape).row(0);
      z.assign(row.begin(), row.end());
    } else {
      z = logits(file.network, {1, -2, 3, 5});
    }
    return fmt::format("{} {} {:.17g}", file.final_op, to_string(file.network.output),
                       fmt::join(z, " "));
  } catch (const Error& error) {
    return std::string("refused: ") + error.what();
  }
}

bool refuses(const std::string& text) { return text.starts_with("refused: "); }

void expect_default(const Trial& trial, int opset) {
  const ::onnx::OpSchema* schema = schema_of(trial.op, opset);
  if (schema == nullptr) return;
  const ::onnx::AttributeProto& fallback = schema->attributes().at(trial.attribute).default_value;
  if (!fallback.has_type() || trial.op == "HardSigmoid") return;
  ::onnx::NodeProto node;
  set(node, trial.attribute, trial.usual);
  EXPECT_EQ(node.attribute(0).f(), fallback.f());
  EXPECT_EQ(node.attribute(0).i(), fallback.i());
  EXPECT_EQ(node.attribute(0).s(), fallback.s());
  const std::string given = [&] {
    Host host = host_of(trial.op, opset, trial.attribute);
    if (trial.op == "Cast") set(host.node(), "to", std::int64_t{::onnx::TensorProto::FLOAT});
    return outcome(host);
  }();
  Host host = host_of(trial.op, opset, trial.attribute);
  if (trial.op == "Cast") set(host.node(), "to", std::int64_t{::onnx::TensorProto::FLOAT});
  set(host.node(), trial.attribute, trial.usual);
  EXPECT_EQ(outcome(host), given) << "the default, given and left out";
}

TEST(Operators, EveryAttributeIsHonouredOrRefused) {
  std::set<std::string> tried;
  for (int opset = kOldestOpset; opset <= kNewestOpset; ++opset) {
    for (const Trial& trial : trials(opset)) {
      const OperatorRule* rule = find_operator(trial.op, opset);
      if (rule == nullptr) continue;
      const auto known = std::ranges::find(rule->attributes, trial.attribute, &AttributeRule::name);
      if (known == rule->attributes.end()) continue;
      tried.insert(trial.op + "." + trial.attribute);
      SCOPED_TRACE(fmt::format("{}.{} in opset {}", trial.op, trial.attribute, opset));
      Host host = host_of(trial.op, opset, trial.attribute);
      if (trial.op == "Cast") set(host.node(), "to", std::int64_t{::onnx::TensorProto::FLOAT});
      if (trial.op == "HardSigmoid") {
        set(host.node(), "alpha", kSteep);
        set(host.node(), "beta", 0.0F);
      }
      set(host.node(), trial.attribute, trial.usual);
      const std::string usual = outcome(host);
      set(host.node(), trial.attribute, trial.other);
      const std::string other = outcome(host);
      EXPECT_FALSE(refuses(usual)) << usual;
      if (known->attention == Attention::kRead) {
        EXPECT_NE(usual, other);
      } else {
        EXPECT_EQ(usual, other);
      }
      expect_default(trial, opset);
    }
  }
  std::set<std::string> known;
  for (const OperatorRule& rule : operators()) {
    for (const AttributeRule& attribute : rule.attributes) {
      known.insert(fmt::format("{}.{}", rule.name, attribute.name));
    }
  }
  EXPECT_EQ(tried, known) << "an attribute without a trial";
}

}  // namespace
}  // namespace gibbon::models::onnx
