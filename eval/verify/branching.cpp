// SPDX-License-Identifier: MIT
#include "eval/verify/branching.hpp"

#include <algorithm>
#include <cmath>

namespace gibbon::eval::verify {
namespace {

constexpr double kNarrow = 1e-3;  // of a smooth activation's interval: not split any further

double activated(const models::Activation& activation, double z) {
  double out = z;
  activation.forward(std::span<const double>(&z, 1), std::span<double>(&out, 1));
  return out;
}

}  // namespace

std::vector<Branch> best_branches(const LocalNetwork& network, const DualBatch& batch,
                                  std::size_t row, std::size_t count) {
  std::vector<Branch> out;
  const Intervals& intervals = batch.enclosure(row).intervals();
  for (std::size_t k = 0; k < network.layers.size(); ++k) {
    const LocalLayer& layer = network.layers[k];
    const models::bounds::Lines lines = batch.lines(row, k);
    const std::span<const double> lambda = batch.lambda(row, k);
    const std::span<const double> z = batch.z(row, k);
    const bool smooth = layer.activation.info->follow != nullptr;
    for (std::size_t i = 0; i < layer.alive.size(); ++i) {
      const double l = intervals.lower[layer.first + i];
      const double u = intervals.upper[layer.first + i];
      if (!layer.bends(l, u) || (smooth && u - l < kNarrow)) continue;
      const bool lower = lambda[i] > 0.0;
      const double along = lower ? lines.lower_slope[i] * z[i] + lines.lower_intercept[i]
                                 : lines.upper_slope[i] * z[i] + lines.upper_intercept[i];
      Branch branch{.layer = static_cast<std::uint32_t>(k), .index = static_cast<std::uint32_t>(i)};
      if (smooth) {
        const double inside = std::clamp(z[i], l, u);
        const double middle = 0.5 * (l + u);
        const double gap = (lines.upper_slope[i] - lines.lower_slope[i]) * middle +
                           lines.upper_intercept[i] - lines.lower_intercept[i];
        branch.score = std::abs(lambda[i]) *
                       (std::abs(along - activated(layer.activation, inside)) + 0.3 * gap);
        // At 0, where σ turns, only if that is near the middle: uneven parts cost more than they
        // give.
        branch.point = l < 0.0 && u > 0.0 && std::min(-l, u) > 0.35 * (u - l) ? 0.0 : middle;
      } else {
        const double cost = std::max(0.0, -lambda[i]) * lines.upper_intercept[i];
        const double gap =
            0.5 * std::abs(lambda[i]) * std::abs(along - activated(layer.activation, z[i]));
        // What the form does not see may matter to a split above it.
        branch.score = cost + gap + 1e-9 * std::min(-l, u);
      }
      out.push_back(branch);
    }
  }
  // Ties by position: the order is the same everywhere.
  const auto better = [](const Branch& a, const Branch& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.layer != b.layer ? a.layer < b.layer : a.index < b.index;
  };
  count = std::min(count, out.size());
  std::ranges::partial_sort(out, out.begin() + static_cast<std::ptrdiff_t>(count), better);
  out.resize(count);
  return out;
}

}  // namespace gibbon::eval::verify
