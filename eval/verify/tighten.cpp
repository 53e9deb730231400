#include <algorithm>

#include "datasets/parallel.hpp"
#include "eval/verify/search.hpp"

namespace gibbon::eval {
namespace {

constexpr std::size_t kRows = 32;

struct Target {
  std::size_t index;
  double sign;
};

}  // namespace

bool tighten(const LocalNetwork& network, std::size_t first, std::span<const Split> splits,
             const Ascent& ascent, std::size_t threads, Intervals& intervals) {
  for (std::size_t k = std::max<std::size_t>(1, first); k < network.layers.size(); ++k) {
    const LocalLayer& layer = network.layers[k];
    std::vector<Target> targets;
    for (std::size_t i = 0; i < layer.alive.size(); ++i) {
      if (!layer.bends(intervals.lower[layer.first + i], intervals.upper[layer.first + i]))
        continue;
      targets.push_back({i, 1.0});
      targets.push_back({i, -1.0});
    }
    // A hinge that is known to be on one side needs no better bound.
    const bool hinge = layer.activation.info->follow == nullptr;
    const double enough = hinge ? 0.0 : std::numeric_limits<double>::infinity();
    std::vector<double> found(targets.size());
    const std::size_t blocks = (targets.size() + kRows - 1) / kRows;
    std::vector<std::unique_ptr<DualBatch>> batches(std::max<std::size_t>(1, threads));
    for_each_block(blocks, batches.size(), [&](std::size_t worker, std::size_t block) {
      if (!batches[worker]) {
        batches[worker] = std::make_unique<DualBatch>(network, std::min(kRows, targets.size()));
      }
      DualBatch& batch = *batches[worker];
      const std::size_t from = block * kRows;
      const std::size_t count = std::min(kRows, targets.size() - from);
      std::vector<Form> forms;
      for (std::size_t r = 0; r < count; ++r) {
        forms.push_back(network.neuron(k, targets[from + r].index, targets[from + r].sign));
      }
      batch.clear();
      for (const Form& form : forms) batch.add(form, intervals, splits, {}, enough);
      if (ascent.iterations > 0) batch.optimise(ascent);
      batch.settle();
      for (std::size_t r = 0; r < count; ++r) found[from + r] = batch.bound(r);
    });
    if (interrupted) throw Interrupted{};
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const std::size_t neuron = layer.first + targets[t].index;
      double& lower = intervals.lower[neuron];
      double& upper = intervals.upper[neuron];
      if (targets[t].sign > 0.0) {
        lower = std::max(lower, found[t]);
      } else {
        upper = std::min(upper, -found[t]);
      }
      if (lower > upper) return false;
    }
  }
  return true;
}

}  // namespace gibbon::eval
