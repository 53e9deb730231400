// SPDX-License-Identifier: MIT
#include "models/graph.hpp"

#include <algorithm>
#include <array>
#include <fmt/ranges.h>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace gibbon::models {
namespace {

std::vector<FeatureShape> shapes_of(const std::vector<FeatureShape>& values,
                                    const std::vector<std::size_t>& inputs) {
  std::vector<FeatureShape> out;
  out.reserve(inputs.size());
  for (const std::size_t k : inputs) out.push_back(values.at(k));
  return out;
}

template <class Float>
void fill_zero(RowsOf<Float> rows) {
  std::ranges::fill(rows.flat(), Float{0});
}

}  // namespace

std::size_t Graph::parameter_count() const {
  std::size_t count = 0;
  for (const Node& node : nodes) count += node.layer->parameter_count();
  return count;
}

std::vector<Parameter> Graph::parameters() const {
  std::vector<Parameter> all;
  for (const Node& node : nodes) {
    for (Parameter& parameter : node.layer->parameters()) {
      parameter.name = node.name + "." + parameter.name;
      all.push_back(std::move(parameter));
    }
  }
  return all;
}

std::string Graph::architecture() const {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> parts{input.text()};
  for (const Node& node : nodes) {
    if (std::string brief = node.layer->brief(); !brief.empty()) parts.push_back(std::move(brief));
  }
  if (parts.size() <= kShown) return fmt::format("{}", fmt::join(parts, "-"));
  return fmt::format("{}-{}-…-{}, {} layers with weights", parts[0], parts[1], parts.back(),
                     parts.size() - 1);
}

std::vector<FeatureShape> Graph::shapes() const {
  std::vector<FeatureShape> values{input};
  for (const Node& node : nodes) {
    try {
      if (node.inputs.empty() || node.inputs.size() > kMostInputs) {
        throw std::invalid_argument(
            fmt::format("it has {} inputs; allowed are 1 to {}", node.inputs.size(), kMostInputs));
      }
      values.push_back(node.layer->shape(shapes_of(values, node.inputs)));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("{}: {}", node.name, error.what()));
    }
  }
  return values;
}

template <class Float>
GraphModelOf<Float>::GraphModelOf(const Graph& graph, Keep keep) : shapes_(graph.shapes()) {
  if (graph.nodes.empty()) throw std::invalid_argument("a graph needs a node");
  std::vector<bool> learns{false};  // value k depends on parameters
  for (const Node& node : graph.nodes) {
    const std::vector<FeatureShape> inputs = shapes_of(shapes_, node.inputs);
    std::size_t count = 0;
    for (const Parameter& parameter : node.layer->parameters()) count += parameter.values.size();
    Step step{.inputs = node.inputs, .first = parameter_count_, .count = count};
    step.passes_on =
        std::ranges::any_of(node.inputs, [&](std::size_t k) -> bool { return learns[k]; });
    if constexpr (std::is_same_v<Float, float>) {
      step.operation = node.layer->single(inputs);
    } else {
      step.operation = node.layer->exact(inputs);
    }
    learns.push_back(count > 0 || step.passes_on);
    parameter_count_ += count;
    steps_.push_back(std::move(step));
  }
  stretches_ = stretches_of(steps_, shapes_);
  place_gradients(keep);
}

template <class Float>
std::vector<typename GraphModelOf<Float>::Stretch> GraphModelOf<Float>::stretches_of(
    std::span<const Step> steps, std::span<const FeatureShape> shapes) {
  constexpr std::size_t kBytes = std::size_t{512} << 10U;  // half of a usual cache of a core
  std::vector<Stretch> stretches;
  for (std::size_t first = 0; first < steps.size();) {
    const bool whole = steps[first].operation->whole_batches();
    std::size_t end = first;
    std::size_t numbers = 0;  // values and gradients of a sample
    while (end < steps.size() && steps[end].operation->whole_batches() == whole) {
      numbers += 2 * shapes[++end].size();
    }
    const std::size_t few = std::max<std::size_t>(1, kBytes / (numbers * sizeof(Float)));
    stretches.push_back({first, end, whole ? std::numeric_limits<std::size_t>::max() : few});
    first = end;
  }
  return stretches;
}

template <class Float>
void GraphModelOf<Float>::place_gradients(Keep keep) {
  place_.resize(steps_.size());
  std::iota(place_.begin(), place_.end(), std::size_t{0});
  passing_.assign(steps_.size(), keep == Keep::kValues);
  if (keep == Keep::kAllGradients) return;
  passing_.back() = false;
  for (const Stretch& stretch : stretches_) {
    for (std::size_t k = stretch.first; k < stretch.end; ++k) {
      for (const std::size_t from : steps_[k].inputs) {
        if (from != 0 && from - 1 < stretch.first) passing_[from - 1] = false;
      }
    }
  }
  std::vector<std::size_t> readers(steps_.size() + 1, 0);
  for (const Step& step : steps_) {
    for (const std::size_t from : step.inputs) ++readers[from];
  }
  for (std::size_t k = steps_.size(); k-- > 0;) {
    for (std::size_t by = k + 1; by < steps_.size(); ++by) {
      if (!steps_[by].operation->in_place() || steps_[by].inputs[0] != k + 1) continue;
      if (readers[k + 1] == 1 && passing_[k] == passing_[by]) place_[k] = place_[by];
    }
  }
}

template <class Float>
std::size_t GraphModelOf<Float>::most_rows() const {
  constexpr std::size_t kBytes = std::size_t{256} << 20U;  // for values and gradients of one worker
  std::size_t numbers = 0;
  for (const FeatureShape& shape : shapes_) numbers += 2 * shape.size();
  return std::max<std::size_t>(1, kBytes / (numbers * sizeof(Float)));
}

template <class Float>
TapeOf<Float> GraphModelOf<Float>::make_tape(std::size_t max_rows) const {
  auto memory = std::make_unique<Memory>();
  std::size_t scratch = 0;
  for (const Stretch& stretch : stretches_) {
    const std::size_t rows = std::min(max_rows, stretch.rows);
    for (std::size_t k = stretch.first; k < stretch.end; ++k) {
      memory->values.emplace_back(max_rows, shapes_[k + 1].size());
      memory->gradients.emplace_back(place_[k] != k ? 0
                                     : passing_[k]  ? rows
                                                    : max_rows,
                                     shapes_[k + 1].size());
      scratch = std::max(scratch, steps_[k].operation->scratch(rows));
    }
  }
  memory->scratch.resize(scratch);
  const bool beside = std::ranges::any_of(steps_, [](const Step& step) {  // another value
    return step.passes_on && std::ranges::count(step.inputs, std::size_t{0}) > 0;
  });
  if (beside) memory->input_gradient.reshape(max_rows, input_dim());
  return TapeOf<Float>(std::move(memory));
}

template <class Float>
RowsOf<const Float> GraphModelOf<Float>::forward(RowsOf<const Float> x, TapeOf<Float>& tape) const {
  expect_size("Graph::forward: columns of x", x.cols, input_dim());
  auto& memory = tape.template as<Memory>();
  memory.input = x;
  memory.rows = x.rows;
  std::array<RowsOf<const Float>, kMostInputs> inputs;
  for (const Stretch& stretch : stretches_) {
    for (std::size_t n = 0; n < x.rows; n += stretch.rows) {
      const std::size_t count = std::min(stretch.rows, x.rows - n);
      for (std::size_t k = stretch.first; k < stretch.end; ++k) {
        const std::vector<std::size_t>& from = steps_[k].inputs;
        for (std::size_t i = 0; i < from.size(); ++i) {
          inputs[i] = memory.value(from[i]).slice(n, count);
        }
        steps_[k].operation->forward(std::span(inputs).first(from.size()),
                                     memory.values[k].view().slice(n, count), memory.scratch);
      }
      if (count < stretch.rows) break;
    }
  }
  return memory.value(steps_.size());
}

/// Every node in reverse: before(node, its inputs, the gradient of its value), then its backward
/// pass if wanted(node).
template <class Float>
template <class Before, class Wanted>
void GraphModelOf<Float>::walk_back(Memory& memory, RowsOf<const Float> dlogits, RowsOf<Float> dx,
                                    const Before& before, const Wanted& wanted) const {
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    if (!passing_[k] && place_[k] == k) {
      fill_zero(memory.gradients[k].view().slice(0, memory.rows));
    }
  }
  fill_zero(dx);
  std::ranges::copy(dlogits.flat(), memory.gradients.back().view().data);
  std::array<RowsOf<const Float>, kMostInputs> inputs;
  std::array<RowsOf<Float>, kMostInputs> dinputs;
  for (std::size_t s = stretches_.size(); s-- > 0;) {
    const Stretch& stretch = stretches_[s];
    for (std::size_t n = 0; n < memory.rows; n += stretch.rows) {
      const std::size_t count = std::min(stretch.rows, memory.rows - n);
      const auto gradient = [&](std::size_t k) -> RowsOf<Float> {  // of value k
        if (k == 0) return dx.rows == 0 ? dx : dx.slice(n, count);
        return memory.gradients[place_[k - 1]].view().slice(passing_[k - 1] ? 0 : n, count);
      };
      for (std::size_t k = stretch.first; k < stretch.end; ++k) {
        if (passing_[k] && place_[k] == k) fill_zero(gradient(k + 1));
      }
      for (std::size_t k = stretch.end; k-- > stretch.first;) {
        const std::vector<std::size_t>& from = steps_[k].inputs;
        for (std::size_t i = 0; i < from.size(); ++i) {
          inputs[i] = memory.value(from[i]).slice(n, count);
          dinputs[i] = gradient(from[i]);
        }
        before(steps_[k], std::span(inputs).first(from.size()), gradient(k + 1));
        if (!wanted(steps_[k])) continue;
        steps_[k].operation->backward(std::span(inputs).first(from.size()),
                                      memory.value(k + 1).slice(n, count), gradient(k + 1),
                                      std::span(dinputs).first(from.size()), memory.scratch);
      }
      if (count < stretch.rows) break;
    }
  }
}

template <class Float>
void GraphModelOf<Float>::backward(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                                   RowsOf<Float> dx) const {
  auto& memory = tape.template as<Memory>();
  expect_size("Graph::backward: rows of dlogits", dlogits.rows, memory.rows);
  expect_size("Graph::backward: rows of dx", dx.rows, memory.rows);
  walk_back(
      memory, dlogits, dx, [](const Step&, const auto&, const auto&) {},
      [](const Step&) { return true; });
}

template <class Float>
void GraphModelOf<Float>::take(std::span<const Float> parameters) {
  expect_size("Graph::take: number of parameters", parameters.size(), parameter_count_);
  for (Step& step : steps_) {
    if (step.count > 0) step.operation->take(parameters.subspan(step.first, step.count));
  }
}

template <class Float>
void GraphModelOf<Float>::backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                                              std::span<Float> gradient) const {
  auto& memory = tape.template as<Memory>();
  expect_size("Graph::backward_parameters: rows of dlogits", dlogits.rows, memory.rows);
  expect_size("Graph::backward_parameters: length of gradient", gradient.size(), parameter_count_);
  std::ranges::fill(gradient, Float{0});
  const bool beside = memory.input_gradient.rows() > 0;
  walk_back(
      memory, dlogits,
      beside ? memory.input_gradient.view().slice(0, memory.rows) : RowsOf<Float>{},
      [&](const Step& step, std::span<const RowsOf<const Float>> inputs, RowsOf<const Float> dy) {
        step.operation->backward_parameters(inputs, dy, gradient.subspan(step.first, step.count),
                                            memory.scratch);
      },
      [](const Step& step) { return step.passes_on; });
}

template <class Float>
bool GraphModelOf<Float>::near_kink(const TapeOf<Float>& tape, std::size_t n,
                                    double tolerance) const {
  const auto& memory = tape.template as<Memory>();
  return std::ranges::any_of(steps_, [&](const Step& step) {
    return step.operation->near_kink(memory.value(step.inputs[0]).row(n), tolerance);
  });
}

template class GraphModelOf<float>;
template class GraphModelOf<double>;

}  // namespace gibbon::models
