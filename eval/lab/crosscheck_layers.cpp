// SPDX-License-Identifier: MIT
#include "eval/lab/crosscheck_layers.hpp"

#include <fmt/format.h>

#include "base/parallel.hpp"
#include "eval/lab/crosscheck_subject.hpp"

namespace gibbon::eval::lab {
namespace {

template <class Float>
std::unique_ptr<models::OperationOf<Float>> operation_of(
    const models::Layer& layer, std::span<const models::FeatureShape> shapes) {
  if constexpr (std::is_same_v<Float, float>) {
    return layer.single(shapes);
  } else {
    return layer.exact(shapes);
  }
}

template <class Float>
std::vector<double> widened(std::span<const Float> values) {
  return {values.begin(), values.end()};
}

template <class Float>
std::vector<CrosscheckLine> walk(const models::Graph& graph, Rows x, RowsOf<const double> seeds,
                                 const models::Reference& reference, models::Precision precision) {
  const models::GraphModelOf<Float> model(graph, models::Keep::kAllGradients);
  const std::vector<models::FeatureShape> shapes = graph.shapes();
  models::TapeOf<Float> tape = model.make_tape(x.rows);
  const TensorOf<Float> input = converted<Float>(x);
  model.forward(input.view(), tape);
  TensorOf<Float> dx(x.rows, x.cols);
  model.backward(tape, converted<Float>(seeds).view(), dx.view());

  std::vector<CrosscheckLine> lines;
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    if (interrupted) throw Interrupted{};
    const models::Node& node = graph.nodes[k];
    std::vector<models::FeatureShape> from;
    std::vector<RowsOf<const Float>> inputs;
    std::vector<TensorOf<double>> wide;
    std::vector<TensorOf<Float>> dinputs;
    for (const std::size_t value : node.inputs) {
      from.push_back(shapes[value]);
      inputs.push_back(model.passed(tape).value(value));
      wide.push_back(converted<double>(inputs.back()));
      dinputs.emplace_back(x.rows, shapes[value].size());
    }
    std::vector<RowsOf<Float>> gradients;
    std::vector<RowsOf<const double>> given;
    for (std::size_t i = 0; i < wide.size(); ++i) {
      gradients.push_back(dinputs[i].view());
      given.push_back(wide[i].view());
    }
    const auto operation = operation_of<Float>(*node.layer, from);
    std::vector<Float> scratch(operation->scratch(x.rows));
    std::size_t count = 0;
    for (const models::Parameter& p : node.layer->parameters()) count += p.values.size();
    const RowsOf<const Float> y = model.passed(tape).value(k + 1);
    const RowsOf<const Float> dy = model.passed(tape).gradient(k);
    std::vector<Float> parameters(count);
    operation->backward(inputs, y, dy, gradients, scratch);
    operation->backward_parameters(inputs, dy, parameters, scratch);
    const TensorOf<double> wide_dy = converted<double>(dy);
    const models::ReferencePass theirs = reference.layer(k, given, wide_dy.view());

    const auto add = [&](const char* of, Numbers ours, Numbers wanted, std::size_t longest) {
      const double allowed = relative_tolerance(precision, longest) * largest(wanted);
      lines.push_back(compare(fmt::format("{} {}: {}", k + 1, node.layer->describe(), of),
                              precision, ours, wanted, [=](std::size_t) { return allowed; }));
      if (!lines.back().ok) lines.back().note = node.name;
    };
    const std::size_t longest = longest_sum(*node.layer);
    add("y", widened(y.flat()), theirs.y.flat(), longest);
    std::vector<double> ours;
    std::vector<double> wanted;
    for (std::size_t i = 0; i < dinputs.size(); ++i) {
      ours.insert(ours.end(), dinputs[i].flat().begin(), dinputs[i].flat().end());
      wanted.insert(wanted.end(), theirs.inputs[i].flat().begin(), theirs.inputs[i].flat().end());
    }
    add("∂J/∂x", ours, wanted, longest);
    if (count > 0) {
      // Summed over the samples and all places that share them.
      const std::size_t places = x.rows * shapes[k + 1].height * shapes[k + 1].width;
      add("∂J/∂θ", widened(std::span<const Float>(parameters)), theirs.parameters,
          std::max(longest, places));
    }
  }
  return lines;
}

}  // namespace

std::vector<CrosscheckLine> crosscheck_layers(const models::Graph& graph, Rows x,
                                              RowsOf<const double> seeds,
                                              const models::Reference& reference,
                                              models::Precision precision) {
  return precision == models::Precision::kFloat64
             ? walk<double>(graph, x, seeds, reference, precision)
             : walk<float>(graph, x, seeds, reference, precision);
}

}  // namespace gibbon::eval::lab
