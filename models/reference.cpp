// SPDX-License-Identifier: MIT
#include "models/reference.hpp"

#include "models/torch_plugin.hpp"

namespace gibbon::models {
namespace {

const ReferencePlugin& plugin() {
  static const auto& loaded = *static_cast<const ReferencePlugin*>(
      open_plugin(torch_plugin(kReferenceSymbol, kReferenceVersion)));
  return loaded;
}

/// A multilayer perceptron is the graph dense, activation, dense, …
ReferenceGraph described(const Network& network) {
  ReferenceGraph graph{.input = {.channels = network.input_dim()}};
  FeatureShape shape = graph.input;
  const auto append = [&](Blueprint blueprint, const FeatureShape& to,
                          std::vector<Parameter> parameters) {
    graph.nodes.push_back({.blueprint = std::move(blueprint),
                           .inputs = {graph.nodes.size()},
                           .from = {shape},
                           .to = to,
                           .parameters = std::move(parameters)});
    shape = to;
  };
  const Normalisation& normalisation = network.normalisation;
  if (!normalisation.shift.empty()) {
    append({.kind = "normalise",
            .numbers = {{"shift", {normalisation.shift.begin(), normalisation.shift.end()}},
                        {"scale", {normalisation.scale.begin(), normalisation.scale.end()}}}},
           shape, {});
  }
  for (const Dense& layer : network.layers) {
    append({.kind = "dense"}, {.channels = layer.weight.rows()},
           {{"weight",
             {layer.weight.rows(), layer.weight.cols()},
             layer.weight.flat(),
             Role::kDecayed},
            {"bias", {layer.bias.size()}, layer.bias, Role::kLearned}});
    append({.kind = "activation",
            .function = layer.activation.info->name,
            .numbers = {{"alpha", {layer.activation.alpha}}}},
           shape, {});
  }
  return graph;
}

ReferenceGraph described(const Graph& of) {
  const std::vector<FeatureShape> shapes = of.shapes();
  ReferenceGraph graph{.input = of.input};
  for (const Node& node : of.nodes) {
    ReferenceNode& made =
        graph.nodes.emplace_back(ReferenceNode{.blueprint = node.layer->blueprint(),
                                               .inputs = node.inputs,
                                               .to = shapes[graph.nodes.size() + 1],
                                               .parameters = node.layer->parameters()});
    for (const std::size_t k : node.inputs) made.from.push_back(shapes[k]);
  }
  return graph;
}

}  // namespace

std::unique_ptr<Reference> open_reference(const Network& network, Precision precision) {
  network.check();
  return std::unique_ptr<Reference>(plugin().open(described(network), precision));
}

std::unique_ptr<Reference> open_reference(const Graph& graph, Precision precision) {
  return std::unique_ptr<Reference>(plugin().open(described(graph), precision));
}

std::unique_ptr<Reference> open_reference(const Layer& layer, std::span<const FeatureShape> inputs,
                                          Precision precision) {
  ReferenceGraph graph{.input = inputs[0]};
  graph.nodes.push_back({.blueprint = layer.blueprint(),
                         .inputs = {0},
                         .from = {inputs.begin(), inputs.end()},
                         .to = layer.shape(inputs),
                         .parameters = layer.parameters()});
  return std::unique_ptr<Reference>(plugin().open(graph, precision));
}

std::string reference_engine() { return plugin().engine; }

}  // namespace gibbon::models
