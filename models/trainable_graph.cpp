// SPDX-License-Identifier: MIT
#include "models/trainable_graph.hpp"

#include <algorithm>

namespace gibbon::models {

template <class Float>
TrainableGraphOf<Float>::TrainableGraphOf(const Graph& graph) : model_(graph) {
  for (const Parameter& parameter : graph.parameters()) {
    parameters_.insert(parameters_.end(), parameter.values.begin(), parameter.values.end());
    parts_.push_back({.count = parameter.values.size(), .role = parameter.role});
    by_batch_ = by_batch_ || parameter.role == Role::kStatistic;
  }
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
