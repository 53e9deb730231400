// SPDX-License-Identifier: MIT
// The lesson of a graph: node by node as the passes walk, and of every node one number with all the
// terms that it comes from. The terms are worked out here from the formulas, their sum stands
// beside what the pass has.
#include <array>
#include <utility>

#include "eval/lab/explain.hpp"
#include "eval/lab/explain_text.hpp"
#include "models/trainable_graph.hpp"

namespace gibbon::eval::lab {
namespace {

using models::Blueprint;
using models::FeatureShape;
using models::Window;

/// A number of a picture; all from 0.
struct Place {
  std::size_t row = 0;
  std::size_t column = 0;
  std::size_t channel = 0;

  [[nodiscard]] std::string text() const {
    return fmt::format("[{},{},{}]", row + 1, column + 1, channel + 1);
  }
};

std::size_t index_of(const Place& at, const FeatureShape& shape) {
  return (at.row * shape.width + at.column) * shape.channels + at.channel;
}

Place place_of(std::size_t index, const FeatureShape& shape) {
  return {index / shape.channels / shape.width, index / shape.channels % shape.width,
          index % shape.channels};
}

std::size_t largest_at(Values values) {
  std::size_t at = 0;
  for (std::size_t k = 1; k < values.size(); ++k) {
    if (std::abs(values[k]) > std::abs(values[at])) at = k;
  }
  return at;
}

std::size_t highest_at(Values values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// The pixel under tap (i, j) of the window at `place`; false: it lies in the padding.
bool under(const Window& w, const Place& place, std::size_t i, std::size_t j,
           const FeatureShape& shape, Place& pixel) {
  const std::size_t row = place.row * w.stride_y + i * w.dilation_y;
  const std::size_t column = place.column * w.stride_x + j * w.dilation_x;
  if (row < w.top || row >= w.top + shape.height) return false;
  if (column < w.left || column >= w.left + shape.width) return false;
  pixel.row = row - w.top;
  pixel.column = column - w.left;
  return true;
}

/// Numbers of a window, row below row; cell(i, j) is text.
template <class Cell>
std::string grid(const Window& w, const Cell& cell) {
  std::string out;
  for (std::size_t i = 0; i < w.height; ++i) {
    out += "\n       ";
    for (std::size_t j = 0; j < w.width; ++j) out += fmt::format("{:>14}", cell(i, j));
  }
  return out;
}

class GraphLesson {
 public:
  GraphLesson(const models::Graph& graph, const datasets::Dataset& data, std::size_t sample,
              const ExplainSettings& settings)
      : graph_(graph),
        data_(data),
        settings_(settings),
        shapes_(graph.shapes()),
        model_(graph, models::Keep::kAllGradients),
        tape_(model_.make_tape(1)),
        x_(1, model_.input_dim()),
        dlogits_(1, model_.num_classes()),
        dx_(1, model_.input_dim()),
        gradient_(model_.parameter_count()),
        sample_(sample),
        label_(static_cast<std::size_t>(data.labels[sample])) {
    std::ranges::copy(data.images.row(sample), x_.row(0).begin());
    const auto logits = model_.forward(std::as_const(x_).view(), tape_);
    loss_ = settings.loss.evaluate(logits.row(0), label_, dlogits_.row(0));
    model_.backward_parameters(tape_, std::as_const(dlogits_).view(), gradient_);
    model_.backward(tape_, std::as_const(dlogits_).view(), dx_.view());
    std::size_t first = 0;
    for (const models::Node& node : graph.nodes) {
      first_.push_back(first);
      for (const models::Parameter& p : node.layer->parameters()) first += p.values.size();
    }
  }

  std::string tell() {
    introduce();
    for (std::size_t k = 0; k < graph_.nodes.size(); ++k) forward(k);
    text_ += the_answer(name(graph_.nodes.size()), value(graph_.nodes.size()), loss_, label_, data_,
                        settings_);
    add("\nBACKWARD: the chain rule, from the loss back to every parameter and to x");
    for (std::size_t k = graph_.nodes.size(); k-- > 0;) backward(k);
    add("\n  ∇ₓC: what FGSM takes the sign of   {}", lengths(dx_.row(0)));
    add("    largest: {}", largest_entries(dx_.row(0)));
    if (settings_.all) add("    ∇ₓC = {}", shown(dx_.row(0)));
    descend();
    text_ += the_attack(model_, x_, dx_.row(0), data_, settings_);
    add("\nCERTIFICATE: none. Bounds take multilayer perceptrons alone so far.");
    return std::move(text_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  [[nodiscard]] std::string shown(Values values) const { return vector(values, settings_.all); }
  /// Value 0 is x, value k + 1 what node k gives.
  [[nodiscard]] static std::string name(std::size_t value) {
    return value == 0 ? "x" : fmt::format("v{}", value);
  }
  [[nodiscard]] Values value(std::size_t k) const { return model_.passed(tape_).value(k).row(0); }
  [[nodiscard]] Values dvalue(std::size_t k) const {
    return k == 0 ? Values(dx_.row(0)) : model_.passed(tape_).gradient(k - 1).row(0);
  }
  [[nodiscard]] const FeatureShape& from(std::size_t node) const {
    return shapes_[graph_.nodes[node].inputs[0]];
  }
  [[nodiscard]] Values in(std::size_t node) const { return value(graph_.nodes[node].inputs[0]); }
  [[nodiscard]] std::string in_name(std::size_t node) const {
    return name(graph_.nodes[node].inputs[0]);
  }
  /// Of the layer's own parameters.
  [[nodiscard]] Values gradient_of(std::size_t node, const models::Parameter& p,
                                   std::size_t before) const {
    return Values(gradient_).subspan(first_[node] + before, p.values.size());
  }
  /// Where a value feeds several nodes, each has its part of the derivative.
  [[nodiscard]] std::size_t readers(std::size_t value) const {
    std::size_t count = 0;
    for (const models::Node& node : graph_.nodes)
      count += static_cast<std::size_t>(std::ranges::count(node.inputs, value));
    return count;
  }

  void introduce() {
    add("{}: {} parameters", graph_.architecture(), graph_.parameter_count());
    for (std::size_t k = 0; k < graph_.nodes.size(); ++k) {
      const models::Node& node = graph_.nodes[k];
      std::string inputs;
      for (const std::size_t input : node.inputs)
        inputs += (inputs.empty() ? "" : ", ") + name(input);
      const std::size_t count = node.layer->parameter_count();
      add("  v{} = {} of {}: {}{}", k + 1, node.layer->describe(), inputs, shapes_[k + 1].text(),
          count == 0 ? "" : fmt::format(", {} parameters", count));
    }
    text_ += the_sample(data_, sample_);
    if (settings_.all) add("  x = {}", shown(x_.row(0)));
    add("\nFORWARD: node by node; [row,column,channel] count from 1");
  }

  void forward(std::size_t k) {
    const models::Node& node = graph_.nodes[k];
    const Blueprint layer = node.layer->blueprint();
    add("\n  v{} = {} of {}", k + 1, node.layer->describe(), in_name(k));
    if (layer.kind == "conv2d") conv_forward(k, layer);
    if (layer.kind == "dense") dense_forward(k);
    if (layer.kind == "max-pool") pool_forward(k, layer);
    if (layer.kind == "average-pool" || layer.kind == "global-average-pool")
      add("    each number is the mean of its window");
    if (layer.kind == "activation") activation_forward(k, layer);
    if (layer.kind == "add") add_forward(k);
    if (layer.kind == "concat") add("    channels side by side, numbers unchanged");
    if (layer.kind == "reorder") add("    the same numbers in another order");
    if (layer.kind == "scale-shift") scale_forward(k, layer);
    if (layer.kind == "batch-norm") add("    γ (x - mean) / sqrt(variance + ε) + β per channel");
    if (settings_.all || shapes_[k + 1].size() <= 64)
      add("    v{} = {}", k + 1, shown(value(k + 1)));
  }

  /// The largest output is shown: around the first pixel there is padding, or nothing.
  void conv_forward(std::size_t k, const Blueprint& layer) {
    const models::Layer& of = *graph_.nodes[k].layer;
    const std::vector<models::Parameter> parameters = of.parameters();
    const Window& w = layer.window;
    const std::size_t channels = parameters[0].dims[3];
    const Place at = place_of(highest_at(value(k + 1)), shapes_[k + 1]);
    const std::size_t outputs = parameters[0].dims[0] / groups(layer);
    const std::size_t before = at.channel / outputs * channels;  // channels of earlier groups
    std::vector<double> taps(w.height * w.width);                // Σ over channels
    std::vector<double> by_channel(channels);
    for (std::size_t i = 0; i < w.height; ++i) {
      for (std::size_t j = 0; j < w.width; ++j) {
        Place pixel;
        if (!under(w, at, i, j, from(k), pixel)) continue;
        for (std::size_t c = 0; c < channels; ++c) {
          pixel.channel = before + c;
          const double term =
              weight(parameters[0], at.channel, i, j, c) * in(k)[index_of(pixel, from(k))];
          taps[i * w.width + j] += term;
          by_channel[c] += term;
        }
      }
    }
    const std::size_t c = largest_at(by_channel);
    const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
    const auto bias = static_cast<double>(parameters[1].values[at.channel]);
    add("    pixel v{}{}, the largest: Σ_ijc W{}[{},i,j,c] · {}[i,j,c] over its window + b{}[{}] = "
        "{} + {} = {}",
        k + 1, at.text(), k + 1, at.channel + 1, in_name(k), k + 1, at.channel + 1, number(sum),
        number(bias), number(value(k + 1)[index_of(at, shapes_[k + 1])]));
    add("      {} under the window, channel {}:{}", in_name(k), before + c + 1,
        grid(w, [&](std::size_t i, std::size_t j) -> std::string {
          Place pixel{.channel = before + c};
          if (!under(w, at, i, j, from(k), pixel)) return "pad";
          return number(in(k)[index_of(pixel, from(k))]);
        }));
    add("      W{}[{}] for this channel:{}", k + 1, at.channel + 1,
        grid(w, [&](std::size_t i, std::size_t j) {
          return number(weight(parameters[0], at.channel, i, j, c));
        }));
    add("      products, summed over {}:{}",
        channels == 1 ? "the one channel" : fmt::format("all {} channels", channels),
        grid(w, [&](std::size_t i, std::size_t j) { return number(taps[i * w.width + j]); }));
  }

  [[nodiscard]] static std::size_t groups(const Blueprint& layer) {
    return static_cast<std::size_t>(layer.numbers.at("groups").front());
  }
  [[nodiscard]] static double weight(const models::Parameter& p, std::size_t o, std::size_t i,
                                     std::size_t j, std::size_t c) {
    return static_cast<double>(p.values[((o * p.dims[1] + i) * p.dims[2] + j) * p.dims[3] + c]);
  }

  void dense_forward(std::size_t k) {
    const std::vector<models::Parameter> parameters = graph_.nodes[k].layer->parameters();
    const auto row = parameters[0].values.first(parameters[0].dims[1]);
    const double sum = std::inner_product(row.begin(), row.end(), in(k).begin(), 0.0);
    add("    first neuron: Σ_i W{}[1,i] · {}[i] + b{}[1] = {} + {} = {}", k + 1, in_name(k), k + 1,
        number(sum), number(static_cast<double>(parameters[1].values[0])), number(value(k + 1)[0]));
  }

  void pool_forward(std::size_t k, const Blueprint& layer) {
    const std::size_t index = highest_at(value(k + 1));
    const Place at = place_of(index, shapes_[k + 1]);
    const double top = value(k + 1)[index];
    Place first;
    std::size_t equal = 0;
    const std::string window = grid(layer.window, [&](std::size_t i, std::size_t j) -> std::string {
      Place pixel{.channel = at.channel};
      if (!under(layer.window, at, i, j, from(k), pixel)) return "pad";
      const double own = in(k)[index_of(pixel, from(k))];
      if (own == top && equal++ == 0) first = pixel;
      return number(own);
    });
    add("    pixel v{}{}, the largest: the maximum of{}", k + 1, at.text(), window);
    add("      is {}{} = {}{}", in_name(k), first.text(), number(top),
        equal > 1 ? fmt::format(", the first of {} equals", equal) : "");
  }

  void activation_forward(std::size_t k, const Blueprint& layer) {
    const models::ActivationInfo& info = models::find_activation(layer.function);
    const std::size_t at = highest_at(value(k + 1));
    add("    σ(z) = {}   ({}); the largest: σ({}) = {}", info.formula, info.name, number(in(k)[at]),
        number(value(k + 1)[at]));
  }

  void add_forward(std::size_t k) {
    const std::size_t at = highest_at(value(k + 1));
    std::string terms;
    for (const std::size_t input : graph_.nodes[k].inputs) {
      terms += fmt::format("{}{}{}", terms.empty() ? "" : " + ", name(input),
                           place_of(at, shapes_[input]).text());
    }
    add("    {} = {}, the largest", terms, number(value(k + 1)[at]));
  }

  void scale_forward(std::size_t k, const Blueprint& layer) {
    add("    factor · {} + term per {}; first {} · {} + {} = {}", in_name(k),
        layer.numbers.at("factors").size() == shapes_[k + 1].size() ? "number" : "channel",
        number(layer.numbers.at("factors")[0]), number(in(k)[0]),
        number(layer.numbers.at("terms")[0]), number(value(k + 1)[0]));
  }

  void backward(std::size_t k) {
    const models::Node& node = graph_.nodes[k];
    const Blueprint layer = node.layer->blueprint();
    add("\n  v{} = {}: given ∂C/∂v{}   {}", k + 1, node.layer->describe(), k + 1,
        lengths(dvalue(k + 1)));
    if (settings_.all || shapes_[k + 1].size() <= 64)
      add("    ∂C/∂v{} = {}", k + 1, shown(dvalue(k + 1)));
    if (layer.kind == "conv2d") conv_backward(k, layer);
    if (layer.kind == "dense") dense_backward(k);
    if (layer.kind == "max-pool") pool_backward(k, layer);
    if (layer.kind == "activation") activation_backward(k, layer);
    if (layer.kind == "add")
      add("    ∂C/∂{} += ∂C/∂v{}, and so to every branch", in_name(k), k + 1);
    if (layer.kind == "scale-shift") add("    ∂C/∂{} += factor · ∂C/∂v{}", in_name(k), k + 1);
  }

  /// One weight, which all places share, and one number that several windows see.
  void conv_backward(std::size_t k, const Blueprint& layer) {
    const std::vector<models::Parameter> parameters = graph_.nodes[k].layer->parameters();
    const Window& w = layer.window;
    const models::Parameter& p = parameters[0];
    const FeatureShape& to = shapes_[k + 1];
    const Values dw = gradient_of(k, p, 0);
    const std::size_t flat = largest_at(dw);
    const std::size_t c = flat % p.dims[3];
    const std::size_t j = flat / p.dims[3] % p.dims[2];
    const std::size_t i = flat / p.dims[3] / p.dims[2] % p.dims[1];
    const std::size_t o = flat / p.dims[3] / p.dims[2] / p.dims[1];
    const std::size_t outputs = p.dims[0] / groups(layer);
    std::size_t terms = 0;
    double sum = 0.0;
    for (std::size_t place = 0; place < to.height * to.width; ++place) {
      const Place at{place / to.width, place % to.width, o};
      Place pixel{.channel = o / outputs * p.dims[3] + c};
      if (!under(w, at, i, j, from(k), pixel)) continue;
      const double term = dvalue(k + 1)[index_of(at, to)] * in(k)[index_of(pixel, from(k))];
      terms += term != 0.0 ? 1 : 0;
      sum += term;
    }
    add("  ∂C/∂W{}[{},{},{},{}] = Σ over {} places of the window, ∂C/∂v{}[·,·,{}] · the {} under "
        "it: {} products not 0, sum {} = {}",
        k + 1, o + 1, i + 1, j + 1, c + 1, to.height * to.width, k + 1, o + 1, in_name(k), terms,
        number(sum), number(dw[flat]));
    add("    of all {} weights: {}", dw.size(), lengths(dw));
    conv_input_gradient(k, layer, p, outputs);
  }

  void conv_input_gradient(std::size_t k, const Blueprint& layer, const models::Parameter& p,
                           std::size_t outputs) {
    const Window& w = layer.window;
    const FeatureShape& to = shapes_[k + 1];
    const std::size_t input = graph_.nodes[k].inputs[0];
    const std::size_t index = largest_at(dvalue(input));
    const Place at = place_of(index, from(k));
    const std::size_t group = at.channel / p.dims[3];
    double sum = 0.0;
    const std::string taps = grid(w, [&](std::size_t i, std::size_t j) -> std::string {
      double part = 0.0;
      bool seen = false;
      for (std::size_t place = 0; place < to.height * to.width; ++place) {
        Place pixel;
        const Place out{place / to.width, place % to.width, 0};
        if (!under(w, out, i, j, from(k), pixel)) continue;
        if (pixel.row != at.row || pixel.column != at.column) continue;
        seen = true;
        for (std::size_t o = group * outputs; o < (group + 1) * outputs; ++o) {
          part += weight(p, o, i, j, at.channel % p.dims[3]) *
                  dvalue(k + 1)[index_of({out.row, out.column, o}, to)];
        }
      }
      sum += part;
      return seen ? number(part) : "-";
    });
    add("  ∂C/∂{}{} = Σ_ij Σ_o W{}[o,i,j,{}] · ∂C/∂v{} where the window has it at [i,j]; by "
        "[i,j]:{}",
        name(input), at.text(), k + 1, at.channel % p.dims[3] + 1, k + 1, taps);
    add("    sum {} = {}{}", number(sum), number(dvalue(input)[index]),
        readers(input) > 1 ? " with the parts of the other nodes that read it" : "");
  }

  void dense_backward(std::size_t k) {
    const models::Parameter p = graph_.nodes[k].layer->parameters()[0];
    const Values dw = gradient_of(k, p, 0);
    const std::size_t i = largest_at(in(k));
    add("  ∂C/∂W{} = ∂C/∂v{} · {}ᵀ          ({} × {}, ||·||₂ = {:.6g})", k + 1, k + 1, in_name(k),
        p.dims[0], p.dims[1], length(dw));
    add("    ∂C/∂W{}[1,{}] = ∂C/∂v{}[1] · {}[{}] = {} · {} = {}", k + 1, i + 1, k + 1, in_name(k),
        i + 1, number(dvalue(k + 1)[0]), number(in(k)[i]), number(dw[i]));
    add("  ∂C/∂b{} = ∂C/∂v{},  ∂C/∂{} += W{}ᵀ ∂C/∂v{}", k + 1, k + 1, in_name(k), k + 1, k + 1);
  }

  void pool_backward(std::size_t k, const Blueprint& layer) {
    const std::size_t index = largest_at(dvalue(k + 1));
    const Place at = place_of(index, shapes_[k + 1]);
    const double top = value(k + 1)[index];
    bool given = false;
    add("    ∂C/∂v{}{} = {}, the largest, goes to the number that won, the others of the window "
        "get "
        "0:{}",
        k + 1, at.text(), number(dvalue(k + 1)[index]),
        grid(layer.window, [&](std::size_t i, std::size_t j) -> std::string {
          Place pixel{.channel = at.channel};
          if (!under(layer.window, at, i, j, from(k), pixel)) return "pad";
          const bool wins = !given && in(k)[index_of(pixel, from(k))] == top;
          given = given || wins;
          return number(wins ? dvalue(k + 1)[index] : 0.0);
        }));
  }

  void activation_backward(std::size_t k, const Blueprint& layer) {
    const models::Activation activation{&models::find_activation(layer.function),
                                        layer.numbers.at("alpha").front()};
    const std::size_t at = largest_at(dvalue(k + 1));
    std::vector<double> slope{1.0};
    activation.backward(in(k).subspan(at, 1), value(k + 1).subspan(at, 1), std::span(slope));
    add("    ∂C/∂{} += ∂C/∂v{} · σ'({}), σ' = {}; the largest: {} · {} = {}", in_name(k), k + 1,
        in_name(k), activation.info->derivative, number(dvalue(k + 1)[at]), number(slope[0]),
        number(dvalue(k + 1)[at] * slope[0]));
  }

  void descend() {
    models::TrainableGraphOf<double> model(graph_);
    const bool by_batch = std::ranges::any_of(model.parts(), [](const models::Part& part) {
      return part.role == models::Role::kStatistic;
    });
    if (gradient_.empty() || by_batch) return;  // one sample has no statistics of a batch
    const std::span<double> parameters = model.trainable_parameters();
    for (std::size_t p = 0; p < parameters.size(); ++p)
      parameters[p] -= settings_.learning_rate * gradient_[p];
    model.parameters_moved();
    auto tape = model.passes().make_tape(1);
    std::vector<double> ignored(dlogits_.cols());
    const double loss = settings_.loss.evaluate(
        model.passes().forward(std::as_const(x_).view(), tape).row(0), label_, std::span(ignored));
    add("\nGRADIENT DESCENT: W' = W - α · mean ∇C for every parameter, here with α = {} and the "
        "mean "
        "over this one sample",
        settings_.learning_rate);
    add("    C before {}, after the step {}", number(loss_), number(loss));
  }

  const models::Graph& graph_;
  const datasets::Dataset& data_;
  const ExplainSettings& settings_;
  std::vector<FeatureShape> shapes_;
  models::GraphModelOf<double> model_;
  models::TapeOf<double> tape_;
  TensorOf<double> x_;
  TensorOf<double> dlogits_;
  TensorOf<double> dx_;
  std::vector<double> gradient_;
  std::vector<std::size_t> first_;  // of each node's parameters
  std::size_t sample_;
  std::size_t label_;
  double loss_ = 0.0;
  std::string text_;
};

}  // namespace

std::string explain_sample(const models::Graph& graph, const datasets::Dataset& data,
                           std::size_t sample, const ExplainSettings& settings) {
  return GraphLesson(graph, data, sample, settings).tell();
}

}  // namespace gibbon::eval::lab
