// SPDX-License-Identifier: MIT
#include "attacks/search/successes.hpp"

namespace gibbon::attacks::search {
namespace {

/// point = x + share · (far - x), each product in double; inside the box, as both ends are.
void between(Row x, Row far, double share, MutableRow point) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double delta = double{far[d]} - double{x[d]};
    point[d] = static_cast<float>(double{x[d]} + share * delta);
  }
}

}  // namespace

void offer_where_fooled(Oracle& oracle, const Problem& problem, Active& active, Rows points,
                        Successes& successes) {
  active.afford(oracle, 1);
  if (active.empty()) return;
  const auto fooled = oracle.succeeded(oracle.pack(points, active.items()), problem.labels,
                                       problem.targeted, active.items());
  for (std::size_t k = 0; k < active.size(); ++k) {
    if (fooled[k] != 0) successes.offer(active[k], points.row(active[k]));
  }
}

void shrink(Oracle& oracle, const Problem& problem, Workspace& work, Successes& successes) {
  const bool counts = info_of(problem.norm).counts;
  const std::size_t samples = problem.size();
  const MutableRows far = work.rows(samples, problem.x.cols);
  const MutableRows points = work.rows(samples, problem.x.cols);
  // Shares of the segment, numbers of features where the norm counts: `failed` does not fool,
  // `fooled` does.
  const std::span<double> failed = work.take<double>(samples);
  const std::span<double> fooled = work.take<double>(samples);
  const std::span<double> tried = work.take<double>(samples);
  Active active(work, samples);
  active.keep_if([&](auto, auto n) { return successes.found(n) && !successes.done(n); });
  for (const std::uint32_t n : active.items()) {
    std::ranges::copy(successes.best(n), far.row(n).begin());
    failed[n] = 0.0;
    fooled[n] = counts ? successes.distance(n) : 1.0;
  }
  for (int round = 0; round < kShrinkRounds; ++round) {
    active.afford(oracle, 1);
    active.keep_if([&](auto, auto n) {
      tried[n] = 0.5 * (failed[n] + fooled[n]);
      if (counts) tried[n] = std::floor(tried[n]);
      return tried[n] > failed[n];
    });
    if (active.empty()) return;
    for (const std::uint32_t n : active.items()) {
      if (counts) {
        std::ranges::copy(far.row(n), points.row(n).begin());
        project({problem.norm, tried[n], problem.domain}, problem.x.row(n), points.row(n));
      } else {
        between(problem.x.row(n), far.row(n), tried[n], points.row(n));
      }
    }
    const auto success = oracle.succeeded(oracle.pack(points, active.items()), problem.labels,
                                          problem.targeted, active.items());
    active.keep_if([&](auto k, auto n) {
      (success[k] != 0 ? fooled : failed)[n] = tried[n];
      if (success[k] != 0) successes.offer(n, points.row(n));
      return !successes.done(n);
    });
  }
}

}  // namespace gibbon::attacks::search
