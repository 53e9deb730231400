// SPDX-License-Identifier: MIT
#include "models/trainable_graph.hpp"

#include <algorithm>
#include <memory>

#include "models/train/shared_layer.hpp"

namespace gibbon::models {
namespace {

bool has_statistics(const Layer& layer) {
  return std::ranges::any_of(layer.parameters(),
                             [](const Parameter& p) { return p.role == Role::kStatistic; });
}

}  // namespace

template <class Float>
TrainableGraphOf<Float>::TrainableGraphOf(const Graph& graph, std::size_t threads)
    : graph_(graph), threads_(threads), alone_(graph) {
  for (const Parameter& parameter : graph.parameters()) {
    parameters_.insert(parameters_.end(), parameter.values.begin(), parameter.values.end());
    parts_.push_back({.count = parameter.values.size(), .role = parameter.role});
    by_batch_ = by_batch_ || parameter.role == Role::kStatistic;
  }
}

template <class Float>
void TrainableGraphOf<Float>::parameters_moved() {
  if (!by_batch_) return alone_.take(parameters_);
  if (!together_) {
    const auto team = std::make_shared<train::Team>(std::max<std::size_t>(1, threads_));
    Graph shared = graph_;
    for (Node& node : shared.nodes) {
      if (!has_statistics(*node.layer)) node.layer = train::share_rows(node.layer, team);
    }
    together_.emplace(shared);
  }
  together_->take(parameters_);
}

template <class Float>
std::size_t TrainableGraphOf<Float>::chunk(std::size_t batch) const {
  constexpr std::size_t kChunk = 16;  // a batch of 64 keeps four threads busy
  return by_batch_ ? batch : kChunk;
}

template <class Float>
void TrainableGraphOf<Float>::store(Graph& graph) const {
  const std::vector<float> single(parameters_.begin(), parameters_.end());
  std::size_t at = 0;
  for (Node& node : graph.nodes) {
    std::size_t count = 0;
    for (const Parameter& parameter : node.layer->parameters()) count += parameter.values.size();
    if (count == 0) continue;
    node.layer = node.layer->with(std::span(single).subspan(at, count));
    at += count;
  }
  expect_size("TrainableGraph::store: number of parameters", at, single.size());
}

template class TrainableGraphOf<float>;
template class TrainableGraphOf<double>;

}  // namespace gibbon::models
