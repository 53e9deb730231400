// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "eval/lab/crosscheck_compare.hpp"
#include "models/mlp.hpp"
#include "models/trainable_graph.hpp"

// Our side of the comparison: multilayer perceptrons and graphs alike.
namespace gibbon::eval::lab {

/// The classes that compute a kind of network.
template <class Net>
struct ModelsOf;
template <>
struct ModelsOf<models::Network> {
  template <class Float>
  using Frozen = models::MlpOf<Float>;
  template <class Float>
  using Trained = models::TrainableMlpOf<Float>;
};
template <>
struct ModelsOf<models::Graph> {
  template <class Float>
  using Frozen = models::GraphModelOf<Float>;
  template <class Float>
  using Trained = models::TrainableGraphOf<Float>;
};
template <class Net>
inline constexpr bool kIsGraph = std::is_same_v<Net, models::Graph>;

/// A learned tensor's place in the vector of all parameters.
struct Piece {
  std::string name;  ///< "W1"
  std::size_t first;
  std::size_t count;
  /// Numbers whose gradients are sums of the same terms: where they cancel, as for a bias in front
  /// of batch norm, the size of a sum does not say how exact it is.
  std::size_t like_first;
  std::size_t like_count;

  [[nodiscard]] Numbers of(Numbers all) const { return all.subspan(first, count); }
  [[nodiscard]] Numbers like(Numbers all) const { return all.subspan(like_first, like_count); }
};

/// W1, b1, W2, … of the layers that have some.
inline std::vector<Piece> pieces_of(const models::Network& network) {
  std::vector<Piece> pieces;
  std::size_t first = 0;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const std::size_t weights = network.layers[l].weight.flat().size();
    const std::size_t biases = network.layers[l].bias.size();
    pieces.push_back({fmt::format("W{}", l + 1), first, weights, first, weights});
    pieces.push_back({fmt::format("b{}", l + 1), first + weights, biases, first + weights, biases});
    first += weights + biases;
  }
  return pieces;
}
inline std::vector<Piece> pieces_of(const models::Graph& graph) {
  std::vector<Piece> pieces;
  std::size_t first = 0;
  std::size_t layer = 0;
  for (const models::Node& node : graph.nodes) {
    const std::vector<models::Parameter> parameters = node.layer->parameters();
    if (!parameters.empty()) ++layer;
    const std::size_t start = first;
    std::size_t learned = 0;
    for (const models::Parameter& p : parameters)
      learned += p.role == models::Role::kStatistic ? 0 : p.values.size();
    for (const models::Parameter& p : parameters) {
      if (p.role != models::Role::kStatistic) {
        const std::string name = p.name == "weight" ? "W" : p.name == "bias" ? "b" : p.name;
        pieces.push_back(
            {fmt::format("{}{}", name, layer), first, p.values.size(), start, learned});
      }
      first += p.values.size();
    }
  }
  return pieces;
}

/// The most products that a layer adds up, forward or backward.
inline std::size_t longest_sum(const models::Layer& layer) {
  std::size_t longest = 1;
  for (const models::Parameter& p : layer.parameters()) {
    if (p.dims.size() < 2) continue;
    const std::size_t own = p.values.size() / p.dims[0];  // of one output
    longest = std::max({longest, own, p.values.size() / p.dims.back()});
  }
  return longest;
}
inline std::size_t longest_sum(const models::Graph& graph) {
  std::size_t longest = 1;
  for (const models::Node& node : graph.nodes)
    longest = std::max(longest, longest_sum(*node.layer));
  return longest;
}
inline std::size_t longest_sum(const models::Network& network) {
  std::size_t longest = 1;
  for (const models::Dense& layer : network.layers)
    longest = std::max({longest, layer.weight.rows(), layer.weight.cols()});
  return longest;
}

inline bool can_train(const models::Network& network) {
  return std::ranges::all_of(
      network.layers, [](const models::Dense& layer) { return layer.activation.info->trainable; });
}
inline bool can_train(const models::Graph& graph) {
  return std::ranges::all_of(graph.nodes,
                             [](const models::Node& node) { return node.layer->differentiable(); });
}

/// Samples with some |z| within `tolerance` · (largest |z| of the layer) of a kink at 0.
template <class Float>
std::vector<char> near_kink(const models::MlpLayersOf<Float>& model, RowsOf<const Float> x,
                            double tolerance) {
  std::vector<char> near(x.rows, 0);
  models::TapeOf<Float> tape = model.make_tape(x.rows);
  model.forward(x, tape);
  for (std::size_t l = 0; l < model.depth(); ++l) {
    if (model.activation(l).info->kink == "none") continue;
    const auto z = converted<double>(model.passed(tape).z[l].view());
    const double border = tolerance * largest(z.flat());
    for (std::size_t n = 0; n < x.rows; ++n) {
      if (std::ranges::any_of(z.row(n), [&](double value) { return std::abs(value) <= border; })) {
        near[n] = 1;
      }
    }
  }
  return near;
}

/// work(first sample, samples) for blocks of at most `block`.
template <class Work>
void for_sample_blocks(std::size_t samples, std::size_t block, const Work& work) {
  for (std::size_t n = 0; n < samples; n += block) work(n, std::min(block, samples - n));
}

/// Gradients of blocks as those of all: one(first, samples) -> ReferenceGradients.
template <class One>
models::ReferenceGradients gathered(std::size_t samples, std::size_t block, const One& one) {
  models::ReferenceGradients all;
  for_sample_blocks(samples, block, [&](std::size_t first, std::size_t rows) {
    models::ReferenceGradients some = one(first, rows);
    if (rows == samples) {
      all = std::move(some);
      return;
    }
    if (first == 0) {
      all.parameters.resize(some.parameters.size());
      all.inputs.reshape(samples, some.inputs.cols());
    }
    all.value += some.value;
    for (std::size_t k = 0; k < all.parameters.size(); ++k) all.parameters[k] += some.parameters[k];
    std::ranges::copy(some.inputs.flat(), all.inputs.view().slice(first, rows).flat().begin());
  });
  return all;
}

/// Our network in one precision on fixed samples; results as doubles.
template <class Net, class Float>
class Ours {
 public:
  Ours(const Net& network, Rows x, std::size_t block)
      : model_(network),
        x_(converted<Float>(x)),
        block_(std::min(block, std::max<std::size_t>(1, x.rows))),
        tape_(model_.make_tape(block_)) {}

  [[nodiscard]] TensorOf<double> logits() {
    TensorOf<double> all(x_.rows(), model_.num_classes());
    for_sample_blocks(x_.rows(), block_, [&](std::size_t first, std::size_t rows) {
      const auto some = converted<double>(forward(first, rows));
      std::ranges::copy(some.flat(), all.view().slice(first, rows).flat().begin());
    });
    return all;
  }

  models::ReferenceGradients gradients(const models::Loss& loss, Labels labels) {
    return gathered(x_.rows(), block_, [&](std::size_t first, std::size_t rows) {
      const RowsOf<const Float> logits = forward(first, rows);
      TensorOf<Float> seeds(rows, logits.cols);
      double value = 0.0;
      for (std::size_t n = 0; n < rows; ++n) {
        value +=
            loss.evaluate(logits.row(n), static_cast<std::size_t>(labels[first + n]), seeds.row(n));
      }
      return derive(value, std::as_const(seeds).view());
    });
  }

  models::ReferenceGradients vjp(RowsOf<const double> dlogits) {
    return gathered(x_.rows(), block_, [&](std::size_t first, std::size_t rows) {
      const RowsOf<const Float> logits = forward(first, rows);
      const RowsOf<const double> own = dlogits.slice(first, rows);
      double value = 0.0;
      for (std::size_t k = 0; k < own.flat().size(); ++k)
        value += own.flat()[k] * static_cast<double>(logits.flat()[k]);
      return derive(value, converted<Float>(own).view());
    });
  }

  /// Which samples stand within `tolerance` of a kink.
  std::vector<char> near_kinks(double tolerance) {
    std::vector<char> near;
    for_sample_blocks(x_.rows(), block_, [&](std::size_t first, std::size_t rows) {
      forward(first, rows);
      for (std::size_t n = 0; n < rows; ++n)
        near.push_back(model_.near_kink(tape_, n, tolerance) ? 1 : 0);
    });
    return near;
  }

 private:
  RowsOf<const Float> forward(std::size_t first, std::size_t rows) {
    return model_.forward(std::as_const(x_).view().slice(first, rows), tape_);
  }

  models::ReferenceGradients derive(double value, RowsOf<const Float> dlogits) {
    std::vector<Float> parameters(parameter_count());
    model_.backward_parameters(tape_, dlogits, parameters);
    TensorOf<Float> dx(dlogits.rows, x_.cols());
    model_.backward(tape_, dlogits, dx.view());
    return {.value = value,
            .parameters = {parameters.begin(), parameters.end()},
            .inputs = converted<double>(std::as_const(dx).view())};
  }

  [[nodiscard]] std::size_t parameter_count() const {
    if constexpr (kIsGraph<Net>) {
      return model_.parameter_count();
    } else {
      return model_.parameters().size();
    }
  }

  typename ModelsOf<Net>::template Frozen<Float> model_;
  TensorOf<Float> x_;
  std::size_t block_;
  models::TapeOf<Float> tape_;
};

}  // namespace gibbon::eval::lab
