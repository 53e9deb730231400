// SPDX-License-Identifier: MIT
#include "eval/lab/examine.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <iterator>
#include <optional>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/rng.hpp"
#include "models/bounds/bounder.hpp"
#include "models/reference.hpp"
#include "reports/record/text.hpp"

namespace gibbon::eval::lab {
namespace {

using models::FeatureShape;
using models::Graph;
using models::ModelFile;
using models::Network;
using models::Target;
using reports::record::grouped;

constexpr std::size_t kProbes = 32;
/// Below it, answers to all inputs of a range are the same for whoever reads probabilities.
constexpr double kSame = 0.05;

void line(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "{:<14} {}\n", name, value);
}

/// Smallest, largest and root mean square of weights.
std::string spread_of(std::span<const float> weights) {
  if (weights.empty()) return {};
  double square = 0.0;
  std::size_t unusable = 0;
  for (const float w : weights) {
    if (!std::isfinite(w)) ++unusable;
    square += static_cast<double>(w) * static_cast<double>(w);
  }
  if (unusable > 0) return fmt::format("{} of {} are NaN or infinite", unusable, weights.size());
  const auto [least, most] = std::ranges::minmax(weights);
  return fmt::format("{:.3g} … {:.3g}, rms {:.3g}", least, most,
                     std::sqrt(square / static_cast<double>(weights.size())));
}

/// "0.1307" or "0.485, 0.456, 0.406 per channel"; empty where features differ otherwise.
std::optional<std::string> by_channel(std::span<const float> values, std::size_t channels) {
  for (std::size_t d = channels; d < values.size(); ++d) {
    if (values[d] != values[d % channels]) return std::nullopt;
  }
  const auto first = values.first(channels);
  const bool equal = std::ranges::all_of(first, [&](float v) { return v == first[0]; });
  return fmt::format("{:.4g}", fmt::join(equal ? first.first(1) : first, ", "));
}

std::string normalisation_of(const Network& network, const Target& target) {
  const auto& [shift, scale] = network.normalisation;
  if (shift.empty()) return "none in the file";
  const std::size_t channels = target.shape ? target.shape->channels : 1;
  const auto mean = by_channel(shift, channels);
  const auto deviation = by_channel(scale, channels);
  if (mean && deviation) {
    return fmt::format("(x - {}) / {}, part of the model", *mean, *deviation);
  }
  return fmt::format("(x - shift) / scale of its own for each of {} features, part of the model",
                     shift.size());
}

std::string kind_of(const ModelFile& file, const Target& target) {
  const std::string size =
      target.parameters == 0 ? "" : fmt::format(", {} parameters", grouped(target.parameters));
  const char* what = file.script  ? "TorchScript module"
                     : file.graph ? "ONNX, network with branches, convolutions or pools"
                                  : "ONNX, multilayer perceptron";
  return fmt::format("{}: {}{}", what, printable(target.architecture), size);
}

std::string output_of(const ModelFile& file, const Target& target) {
  std::string text = fmt::format("{} classes", target.num_classes());
  if (file.one_logit) text += "; one logit z in the file, read as the scores 0 and z";
  if (!file.final_op.empty()) {
    text += fmt::format("; the logits before the file's {} are what is attacked", file.final_op);
  }
  return text;
}

/// One row per layer: place, name, what it does, what leaves it, parameters and their spread.
struct LayerRow {
  std::string name;
  std::string what;
  std::string leaves;
  std::size_t parameters = 0;
  std::string weights;
};

std::vector<LayerRow> rows_of(const Network& network) {
  std::vector<LayerRow> rows;
  for (const models::Dense& layer : network.layers) {
    const bool linear = layer.activation.info->name == "identity";
    rows.push_back(
        {.name = fmt::format("layer {}", rows.size() + 1),
         .what = fmt::format("dense {}{}", layer.weight.rows(),
                             linear ? "" : fmt::format(", {}", layer.activation.info->name)),
         .leaves = fmt::format("{}", layer.weight.rows()),
         .parameters = layer.weight.flat().size() + layer.bias.size(),
         .weights = spread_of(layer.weight.flat())});
  }
  return rows;
}

std::vector<LayerRow> rows_of(const Graph& graph) {
  std::vector<LayerRow> rows;
  const std::vector<FeatureShape> shapes = graph.shapes();
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    const models::Node& node = graph.nodes[k];
    const auto parameters = node.layer->parameters();
    std::string from;  // where it is not the node before
    if (node.inputs != std::vector{k}) {
      for (const std::size_t value : node.inputs) {
        from += fmt::format("{}{}", from.empty() ? " of " : ", ",
                            value == 0 ? "x" : printable(graph.nodes[value - 1].name));
      }
    }
    rows.push_back(
        {.name = printable(node.name.starts_with("node ") ? node.name.substr(5) : node.name),
         .what = node.layer->describe() + from,
         .leaves = shapes[k + 1].text(),
         .parameters = node.layer->parameter_count(),
         .weights = parameters.empty() ? "" : spread_of(parameters.front().values)});
  }
  return rows;
}

void print_rows(std::string& out, const std::vector<LayerRow>& rows) {
  const std::size_t widest = 40;
  std::size_t name = 4;
  std::size_t what = 4;
  std::size_t leaves = 6;
  const auto widen = [widest](std::size_t& width, const std::string& text) {
    width = std::max(width, std::min(widest, reports::record::display_width(text)));
  };
  for (const LayerRow& row : rows) {
    widen(name, row.name);
    widen(what, row.what);
    widen(leaves, row.leaves);
  }
  const auto left = [](std::string_view text, std::size_t width) {
    return reports::record::pad_right(text, width);
  };
  fmt::format_to(std::back_inserter(out), "\n{}  {}  {}  parameters  weights\n", left("node", name),
                 left("does", what), left("leaves", leaves));
  for (const LayerRow& row : rows) {
    std::string text = fmt::format("{}  {}  {}", left(row.name, name), left(row.what, what),
                                   left(row.leaves, leaves));
    if (row.parameters > 0) {
      text += fmt::format("  {:>10}  {}", grouped(row.parameters), row.weights);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
}

/// Nodes whose derivative is zero almost everywhere: gradients end there.
std::vector<std::string> flat_nodes(const Target& target) {
  std::vector<std::string> names;
  if (target.network) {
    for (const models::Dense& layer : target.network->layers) {
      if (!layer.activation.info->trainable) names.emplace_back(layer.activation.info->name);
    }
  }
  if (target.graph) {
    for (const models::Node& node : target.graph->nodes) {
      if (!node.layer->differentiable()) names.push_back(printable(node.name));
    }
  }
  return names;
}

/// What somebody would like to do, and why not; empty: it can be done.
struct Use {
  std::string commands;
  std::string why_not;
  std::string how;  ///< where it can be done and something is to be known
};

/// What `attempt` throws, without the option it begins with.
std::string refusal(const std::function<void()>& attempt) {
  try {
    attempt();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

std::vector<Use> uses_of(const std::string& name, const ModelFile& file, const Target& target) {
  const std::vector<std::string> flat = flat_nodes(target);
  const std::string attack =
      flat.empty() ? fmt::format("gibbon sweep --model {} --data DATA", name)
                   : fmt::format(
                         "without gradients: they are zero behind {}; attacks that need "
                         "none are hopskipjump, boundary and square",
                         fmt::join(flat, ", "));
  const std::string script = "a TorchScript module has no layers that gibbon knows; export ONNX";
  const auto why_unbounded = [&](const char* work) {
    if (file.script) return script;
    return refusal(
        [&] { static_cast<void>(models::bounds::Bounder(models::perceptron_of(file, work))); });
  };
  const std::string reference = refusal([] { static_cast<void>(models::reference_engine()); });
  std::string train = "gibbon trains from random weights and does not go on from a file";
  if (!file.script && !file.graph) {
    train += fmt::format("; one like it: gibbon train --arch {}", target.architecture);
  }
  return {
      {.commands = "sweep, run, gallery, transfer", .how = attack},
      {.commands = "smooth", .how = "any model; certificates in l2 of the smoothed one"},
      {.commands = "certify",
       .why_not = why_unbounded("certify"),
       .how = "bounds of every layer are known"},
      {.commands = "verify", .why_not = why_unbounded("verify"), .how = "with a VNN-LIB property"},
      {.commands = "explain",
       .why_not = file.script ? script : "",
       .how = "every formula with its numbers"},
      {.commands = "crosscheck",
       .why_not = file.script ? script : reference,
       .how = "against LibTorch, layer by layer"},
      {.commands = "train", .why_not = train}};
}

std::string range_of(const ModelFile& file, const RangeGuess& guess) {
  if (file.bytes) return "0 … 1 here: the file takes bytes, and gibbon multiplies by 255";
  if (guess.likeliest == 0) {
    return "probably of size 1: [0, 1] as gibbon's data, or [-1, 1], or (x - mean) / std";
  }
  if (guess.likeliest == 1) {
    return "probably 0 … 255, and data here are in [0, 1]: add --input-range 0,255";
  }
  return "not known: every random input is answered alike";
}

/// Commands that show which scale of inputs is the right one.
std::string to_try(const std::string& name, const Target& target) {
  const bool colour = target.shape && target.shape->channels == 3;
  return fmt::format(
      "\nWhich scale it wants shows the clean accuracy on data that it was trained for:\n"
      "  gibbon sweep --model {} --data DATA --samples 0:200 --attack fgsm --epsilons 0.01\n"
      "  and the same with --input-range -1,1 or with {}\n",
      name,
      colour ? "--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225" : "--mean 0.1307 --std 0.3081");
}

std::size_t unread_inputs(const Network& network) {
  const Tensor& weight = network.layers.front().weight;
  std::size_t unread = 0;
  for (std::size_t d = 0; d < weight.cols(); ++d) {
    bool read = false;
    for (std::size_t o = 0; o < weight.rows() && !read; ++o) read = weight.row(o)[d] != 0.0F;
    unread += read ? 0U : 1U;
  }
  return unread;
}

}  // namespace

RangeGuess guess_range(const Target& target) {
  RangeGuess guess{.probed = {{.low = 0.0, .high = 1.0}, {.low = 0.0, .high = 255.0}}};
  const std::size_t rows = std::min(kProbes, target.most_rows());
  Tensor x(kProbes, target.input_dim());
  models::Tape tape = target.fast->make_tape(rows);
  for (ProbedRange& range : guess.probed) {
    for (std::size_t n = 0; n < kProbes; ++n) {
      Rng rng(0, n, "examine");
      for (float& value : x.row(n)) {
        value = rng.uniform(static_cast<float>(range.low), static_cast<float>(range.high));
      }
    }
    std::vector<double> sum(target.num_classes());
    std::vector<double> squares(target.num_classes());
    for (std::size_t first = 0; first < kProbes; first += rows) {
      const std::size_t count = std::min(rows, kProbes - first);
      const Rows logits = target.fast->forward(std::as_const(x).view().slice(first, count), tape);
      for (std::size_t n = 0; n < count; ++n) {
        for (std::size_t c = 0; c < sum.size(); ++c) {
          // What moves all logits alike moves no answer.
          const double margin =
              static_cast<double>(logits.row(n)[c]) - static_cast<double>(logits.row(n)[0]);
          sum[c] += margin;
          squares[c] += margin * margin;
        }
      }
    }
    double variance = 0.0;
    for (std::size_t c = 0; c < sum.size(); ++c) {
      const double mean = sum[c] / kProbes;
      variance += std::max(0.0, squares[c] / kProbes - mean * mean);
    }
    range.spread = std::sqrt(variance / static_cast<double>(sum.size()));
  }
  const auto differing =
      std::ranges::find_if(guess.probed, [](const ProbedRange& r) { return r.spread > kSame; });
  guess.likeliest = static_cast<std::size_t>(differing - guess.probed.begin());
  return guess;
}

std::string examine(const std::string& name, const ModelFile& file, const Target& target) {
  std::string out;
  line(out, "file", fmt::format("{}, SHA-256 {}…", name, file.sha256.substr(0, 12)));
  line(out, "kind", kind_of(file, target));
  line(out, "input",
       target.shape ? fmt::format("{} (height × width × channels)", target.shape->text())
                    : fmt::format("{} numbers", target.input_dim()));
  line(out, "output", output_of(file, target));
  if (!file.script && !file.graph)
    line(out, "normalisation", normalisation_of(file.network, target));
  const RangeGuess guess = guess_range(target);
  line(out, "input range", range_of(file, guess));
  line(out, "seen",
       fmt::format("random inputs in [0, 1] spread its logits by {:.3g}, in [0, 255] by {:.3g}",
                   guess.probed[0].spread, guess.probed[1].spread));
  for (const auto& [key, value] : target.metadata) {
    line(out, "metadata", fmt::format("{} = {}", printable(key), printable(value)));
  }
  for (const std::string& note : target.notes) line(out, "note", printable(note));
  if (!file.rounded.empty()) {
    line(out, "note",
         fmt::format("constants of {} are no float32 numbers and were rounded to them",
                     fmt::join(file.rounded, ", ")));
  }
  if (!file.script && !file.graph) {
    if (const std::size_t unread = unread_inputs(file.network); unread > 0) {
      line(out, "note",
           fmt::format("{} of {} inputs have no weight: no attack can use them", unread,
                       target.input_dim()));
    }
  }
  if (file.graph) print_rows(out, rows_of(*file.graph));
  if (!file.script && !file.graph) print_rows(out, rows_of(file.network));
  out += '\n';
  for (const Use& use : uses_of(name, file, target)) {
    fmt::format_to(std::back_inserter(out), "{:<30} {:<4} {}\n", use.commands,
                   use.why_not.empty() ? "yes" : "no",
                   use.why_not.empty() ? use.how : printable(use.why_not));
  }
  out += to_try(name, target);
  return out;
}

}  // namespace gibbon::eval::lab
