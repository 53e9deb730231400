// SPDX-License-Identifier: MIT
#include "eval/verify/tighten.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/parallel.hpp"

namespace gibbon::eval::verify {
namespace {

constexpr std::size_t kRows = 32;

struct Target {
  std::size_t index;
  double sign;
};

}  // namespace

Tightener::Tightener(const LocalNetwork& network, std::size_t threads, const Deadline& deadline)
    : network_(network), deadline_(deadline), batches_(std::max<std::size_t>(1, threads)) {}

bool Tightener::tighten(std::size_t first, std::span<const Split> splits, const Ascent& ascent,
                        Enclosure& enclosure) {
  for (std::size_t k = std::max<std::size_t>(1, first); k < network_.layers.size(); ++k) {
    const LocalLayer& layer = network_.layers[k];
    Intervals intervals = enclosure.intervals();
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
    std::vector<double> found(targets.size(), -std::numeric_limits<double>::infinity());
    const std::size_t blocks = (targets.size() + kRows - 1) / kRows;
    for_each_block(blocks, batches_.size(), [&](std::size_t worker, std::size_t block) {
      deadline_.check();
      if (!batches_[worker]) {
        batches_[worker] = std::make_unique<DualBatch>(network_, kRows, deadline_);
      }
      DualBatch& batch = *batches_[worker];
      const std::size_t from = block * kRows;
      const std::size_t count = std::min(kRows, targets.size() - from);
      std::vector<Form> forms;
      for (std::size_t r = 0; r < count; ++r) {
        forms.push_back(network_.neuron(k, targets[from + r].index, targets[from + r].sign));
      }
      batch.clear();
      for (const Form& form : forms) batch.add(form, enclosure, splits, {}, enough);
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
    enclosure.replace(network_, k, std::move(intervals));
  }
  return true;
}

}  // namespace gibbon::eval::verify
