// SPDX-License-Identifier: MIT
#include "models/target.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "models/graph.hpp"
#include "models/mlp.hpp"
#include "models/open_target.hpp"

namespace gibbon::models {
namespace {

/// Sizes alone, so that nothing is computed for a model that does not fit.
void require_sizes(const std::string& architecture, std::size_t inputs, std::size_t classes,
                   const datasets::Dataset& data) {
  if (inputs != data.shape.size()) {
    fail_usage(
        "model {}: takes {} inputs, but {} has {} ({} × {} × {}); use an architecture that "
        "begins with {}, or other data",
        architecture, inputs, data.name, data.shape.size(), data.shape.height, data.shape.width,
        data.shape.channels, data.shape.size());
  }
  if (classes < data.class_names.size()) {
    fail_usage(
        "model {}: has {} classes, but {} has {}; use an architecture that ends with "
        "{}, or other data",
        architecture, classes, data.name, data.class_names.size(), data.class_names.size());
  }
  if (classes > kMaxClasses) {
    fail_usage("model {}: {} classes; at most {} are supported", architecture, classes,
               kMaxClasses);
  }
}

/// A caller's functions as a Classifier of either precision.
template <class Float>
class OwnClassifier final : public ClassifierOf<Float> {
 public:
  explicit OwnClassifier(OwnModel own) : own_(std::move(own)) {}

  [[nodiscard]] std::size_t input_dim() const override { return own_.inputs; }
  [[nodiscard]] std::size_t num_classes() const override { return own_.classes; }

  [[nodiscard]] TapeOf<Float> make_tape(std::size_t max_rows) const override {
    auto memory = std::make_unique<Memory>();
    memory->logits.reshape(max_rows, own_.classes);
    return TapeOf<Float>(std::move(memory));
  }

  RowsOf<const Float> forward(RowsOf<const Float> x, TapeOf<Float>& tape) const override {
    auto& memory = tape.template as<Memory>();
    memory.input = x;
    call(x, memory.logits.view().slice(0, x.rows));
    return std::as_const(memory.logits).view().slice(0, x.rows);
  }

  void backward(TapeOf<Float>& tape, RowsOf<const Float> dlogits, RowsOf<Float> dx) const override {
    if constexpr (std::is_same_v<Float, float>) {
      own_.backward(tape.template as<Memory>().input, dlogits, dx);
    } else {
      throw std::logic_error("OwnModel: gradients are float32");
    }
  }

 private:
  struct Memory final : TapeMemory {
    RowsOf<const Float> input;  // x of the last forward(), the caller's
    TensorOf<Float> logits;
  };

  void call(RowsOf<const float> x, RowsOf<float> logits) const { own_.forward(x, logits); }

  void call(RowsOf<const double> x, RowsOf<double> logits) const {
    if (own_.exact) return own_.exact(x, logits);
    // Whatever is judged was float32 before.
    Tensor single(x.rows, own_.inputs);
    std::ranges::transform(x.flat(), single.flat().begin(),
                           [](double value) { return static_cast<float>(value); });
    Tensor scores(x.rows, own_.classes);
    own_.forward(std::as_const(single).view(), scores.view());
    std::ranges::copy(scores.flat(), logits.flat().begin());
  }

  OwnModel own_;
};

}  // namespace

Target::Target(const Network& of)
    : fast(std::make_shared<Mlp>(of)),
      exact(std::make_shared<MlpOf<double>>(of)),
      output(of.output),
      architecture(of.architecture()),
      parameters(of.parameter_count()),
      metadata(of.metadata),
      network(std::make_shared<Network>(of)) {}

Target::Target(const Graph& of)
    : fast(std::make_shared<GraphModelOf<float>>(of)),
      exact(std::make_shared<GraphModelOf<double>>(of)),
      output(of.output),
      architecture(of.architecture()),
      parameters(of.parameter_count()),
      metadata(of.metadata),
      shape(of.input),
      graph(std::make_shared<Graph>(of)) {}

Target::Target(const ModelFile& file)
    : Target(file.graph ? Target(*file.graph) : Target(file.network)) {
  if (file.script) throw std::logic_error("Target: a TorchScript module needs open_target()");
}

Target::Target(OwnModel own) : output(own.output), architecture(own.name) {
  if (own.inputs == 0 || own.classes == 0 || !own.forward || !own.backward)
    throw std::logic_error("OwnModel: inputs, classes, forward and backward are needed");
  fast = std::make_shared<OwnClassifier<float>>(own);
  exact = std::make_shared<OwnClassifier<double>>(std::move(own));
}

namespace {

void require_shape(const std::string& architecture, const FeatureShape& wanted,
                   const datasets::Dataset& data) {
  const FeatureShape there{data.shape.height, data.shape.width, data.shape.channels};
  if (!data.shape.image || wanted == there || wanted.height * wanted.width <= 1) return;
  fail_usage(
      "model {}: takes images of {} (rows × columns × channels), but {} has {}; use other data "
      "or another model",
      architecture, wanted.text(), data.name, there.text());
}

}  // namespace

const Network& perceptron_of(const ModelFile& file, std::string_view work) {
  require_layers(file, work);
  if (!file.graph) return file.network;
  const auto first = std::ranges::find_if(file.graph->nodes, [](const Node& node) {
    const std::string what = node.layer->describe();
    return !what.starts_with("dense") && !what.starts_with("scale");
  });
  const Node& named = first == file.graph->nodes.end() ? file.graph->nodes.front() : *first;
  fail_usage(
      "{}: it takes multilayer perceptrons alone so far, and {} is a {}; allowed are sweep, "
      "gallery, transfer, smooth, explain and crosscheck",
      work, named.name, named.layer->describe());
}

void require_fit(const Target& target, const datasets::Dataset& data) {
  if (target.shape) require_shape(target.architecture, *target.shape, data);
  require_sizes(target.architecture, target.input_dim(), target.num_classes(), data);
}

void require_fit(const Graph& graph, const datasets::Dataset& data) {
  require_shape(graph.architecture(), graph.input, data);
  require_sizes(graph.architecture(), graph.input.size(), graph.num_classes(), data);
}

void require_fit(const Network& network, const datasets::Dataset& data) {
  require_sizes(network.architecture(), network.input_dim(), network.num_classes(), data);
}

}  // namespace gibbon::models
