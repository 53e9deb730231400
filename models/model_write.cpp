// SPDX-License-Identifier: MIT
#include <onnx/onnx_pb.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "models/model_file.hpp"

namespace gibbon::models {
namespace {

void add_tensor(::onnx::GraphProto& graph, const std::string& name, std::span<const float> values,
                const std::vector<std::size_t>& dims) {
  ::onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(::onnx::TensorProto::FLOAT);
  for (const std::size_t dim : dims) tensor.add_dims(static_cast<std::int64_t>(dim));
  tensor.set_raw_data(values.data(),
                      values.size_bytes());  // little-endian, as on every x86 and ARM
}

/// Adds a node and returns the name of its output, which is also the node's.
std::string add_node(::onnx::GraphProto& graph, std::string_view op, const std::string& output,
                     const std::vector<std::string>& inputs) {
  ::onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(std::string(op));
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return output;
}

::onnx::AttributeProto& add_attribute(::onnx::GraphProto& graph, const std::string& name) {
  ::onnx::AttributeProto& attribute = *graph.mutable_node(graph.node_size() - 1)->add_attribute();
  attribute.set_name(name);
  return attribute;
}

void set_shape(::onnx::ValueInfoProto& value, const std::string& name,
               const std::vector<std::size_t>& dims) {
  value.set_name(name);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(::onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("N");
  for (const std::size_t dim : dims)
    type.mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(dim));
}

void set_value(::onnx::AttributeProto& attribute, std::int64_t value) {
  attribute.set_type(::onnx::AttributeProto::INT);
  attribute.set_i(value);
}
void set_value(::onnx::AttributeProto& attribute, float value) {
  attribute.set_type(::onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}
void set_value(::onnx::AttributeProto& attribute, const std::vector<std::int64_t>& values) {
  attribute.set_type(::onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

/// What stands after the scores, and what the file says about itself.
std::string finish(::onnx::ModelProto& model, std::string scores, Output output,
                   std::size_t classes, std::int64_t opset,
                   std::map<std::string, std::string> metadata) {
  ::onnx::GraphProto& graph = *model.mutable_graph();
  if (output == Output::kSigmoid) scores = add_node(graph, "Sigmoid", "output", {scores});
  set_shape(*graph.add_output(), scores, {classes});
  model.add_opset_import()->set_version(opset);
  metadata["gibbon.output"] = std::string(to_string(output));
  for (const auto& [key, value] : metadata) {
    ::onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  return model.SerializeAsString();
}

}  // namespace

std::string to_onnx(const Network& network) {
  network.check();
  ::onnx::ModelProto model;
  model.set_ir_version(8);
  model.set_producer_name("gibbon");
  ::onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name("mlp " + network.architecture());
  set_shape(*graph.add_input(), "input", {network.input_dim()});

  std::string current = "input";
  if (!network.normalisation.shift.empty()) {
    add_tensor(graph, "shift", network.normalisation.shift, {1, network.input_dim()});
    add_tensor(graph, "scale", network.normalisation.scale, {1, network.input_dim()});
    current = add_node(graph, "Sub", "shifted", {current, "shift"});
    current = add_node(graph, "Div", "normalised", {current, "scale"});
  }
  std::int64_t opset = 13;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Dense& layer = network.layers[l];
    const std::string prefix = "layer" + std::to_string(l);
    add_tensor(graph, prefix + ".weight", layer.weight.flat(),
               {layer.weight.rows(), layer.weight.cols()});
    add_tensor(graph, prefix + ".bias", layer.bias, {layer.bias.size()});
    const bool last = l + 1 == network.layers.size();
    const ActivationInfo& activation = *layer.activation.info;
    const bool plain = activation.onnx_op == "Identity";
    current = add_node(graph, "Gemm", last && plain ? "logits" : fmt::format("z{}", l),
                       {current, prefix + ".weight", prefix + ".bias"});
    set_value(add_attribute(graph, "transB"), std::int64_t{1});
    if (last && plain) break;
    current =
        add_node(graph, activation.onnx_op, last ? "logits" : fmt::format("a{}", l), {current});
    if (activation.alpha != 0.0) {
      set_value(add_attribute(graph, "alpha"), static_cast<float>(layer.activation.alpha));
      if (activation.onnx_op == "HardSigmoid") set_value(add_attribute(graph, "beta"), 0.0F);
    }
    if (activation.onnx_op == "Gelu") opset = 20;  // where that operator entered the standard
  }
  return finish(model, current, network.output, network.num_classes(), opset, network.metadata);
}

std::string to_onnx(const Graph& graph) {
  const std::vector<FeatureShape> shapes = graph.shapes();
  ::onnx::ModelProto model;
  model.set_ir_version(8);
  model.set_producer_name("gibbon");
  ::onnx::GraphProto& out = *model.mutable_graph();
  out.set_name(graph.architecture());
  set_shape(*out.add_input(), "input",
            {graph.input.channels, graph.input.height, graph.input.width});
  std::vector<std::string> values{"input"};
  std::int64_t opset = 13;
  for (const Node& node : graph.nodes) {
    std::vector<FeatureShape> of;
    std::vector<std::string> inputs;
    for (const std::size_t k : node.inputs) {
      of.push_back(shapes[k]);
      inputs.push_back(values[k]);
    }
    const FileOperator file = node.layer->to_file(of);
    for (const FileOperator::Constant& constant : file.constants) {
      inputs.push_back(node.name + "." + constant.name);
      add_tensor(out, inputs.back(), constant.values, constant.dims);
    }
    const bool last = &node == &graph.nodes.back();
    values.push_back(add_node(out, file.name, last ? "logits" : node.name, inputs));
    for (const auto& [name, value] : file.attributes)
      std::visit([&](const auto& v) { set_value(add_attribute(out, name), v); }, value);
    opset = std::max<std::int64_t>(opset, file.opset);
  }
  return finish(model, values.back(), graph.output, graph.num_classes(), opset, graph.metadata);
}

void write_model(const std::filesystem::path& path, const Network& network) {
  write_atomically(path, to_onnx(network));
}

void write_model(const std::filesystem::path& path, const Graph& graph) {
  write_atomically(path, to_onnx(graph));
}

}  // namespace gibbon::models
