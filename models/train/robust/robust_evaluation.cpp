// SPDX-License-Identifier: MIT
#include "models/train/robust/robust_evaluation.hpp"

#include <utility>

#include "base/parallel.hpp"
#include "models/mlp.hpp"
#include "models/trainable_graph.hpp"

namespace gibbon::models::train::robust {

namespace {

Evaluation evaluate_model(const TrainableOf<float>& model, const Loss& loss,
                          const RobustSettings& settings, const datasets::Dataset& data,
                          std::span<const std::uint32_t> indices, std::size_t threads) {
  constexpr std::size_t kBlock = 64;
  constexpr std::uint64_t kSeed = 0;  // the same starts for every model that is compared
  std::vector<float> sizes(settings.bounds() ? model.parameters().size() : 0);
  if (settings.bounds()) take_sizes(model.parameters(), std::span(sizes));
  struct Worker {
    Tensor x;
    std::vector<int> labels;
    std::vector<std::uint64_t> keys;
    std::optional<RobustLossOf<float>> robust;
  };
  std::vector<Worker> workers(threads);
  const std::size_t blocks = (indices.size() + kBlock - 1) / kBlock;
  std::vector<Evaluation> parts(blocks);  // summed in order, whatever the threads
  for_each_block(blocks, threads, [&](std::size_t worker, std::size_t block) {
    Worker& w = workers[worker];
    if (!w.robust) {
      w.x.reshape(kBlock, model.passes().input_dim());
      w.robust.emplace(model, settings, kBlock);
    }
    w.labels.clear();
    w.keys.clear();
    for (const std::uint32_t index :
         indices.subspan(block * kBlock, std::min(kBlock, indices.size() - block * kBlock))) {
      std::ranges::copy(data.images.row(index), w.x.row(w.labels.size()).begin());
      w.labels.push_back(data.labels[index]);
      w.keys.push_back(data.ids[index]);
    }
    const auto seen = w.robust->look({.x = std::as_const(w.x).view().slice(0, w.labels.size()),
                                      .labels = w.labels,
                                      .keys = w.keys,
                                      .seed = kSeed},
                                     loss, settings.epsilon, sizes);
    parts[block] = {.loss = seen.loss, .correct = seen.standing};
  });
  Evaluation total{.n = indices.size()};
  for (const Evaluation& part : parts) {
    total.loss += part.loss;
    total.correct += part.correct;
  }
  total.loss /= static_cast<double>(std::max<std::size_t>(1, total.n));
  return total;
}

}  // namespace

Evaluation evaluate_robust(const Network& network, const Loss& loss, const RobustSettings& settings,
                           const datasets::Dataset& data, std::span<const std::uint32_t> indices,
                           std::size_t threads) {
  return evaluate_model(TrainableMlp(network), loss, settings, data, indices, threads);
}

Evaluation evaluate_robust(const Graph& graph, const Loss& loss, const RobustSettings& settings,
                           const datasets::Dataset& data, std::span<const std::uint32_t> indices,
                           std::size_t threads) {
  return evaluate_model(TrainableGraphOf<float>(graph), loss, settings, data, indices, threads);
}

}  // namespace gibbon::models::train::robust
