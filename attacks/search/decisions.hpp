// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/attack.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks::search {

/// What attacks have in common that see nothing but the model's answers: asking about many points
/// at a time, finding a first point that fools the model, and walking from there to the boundary.
class Decisions {
 public:
  Decisions(Oracle& oracle, const Problem& problem, Workspace& work)
      : oracle_(oracle),
        problem_(problem),
        points_(work.rows(oracle.max_rows(), problem.x.cols)),
        owners_(work.take<std::uint32_t>(oracle.max_rows())),
        ordinals_(work.take<std::uint32_t>(oracle.max_rows())),
        pending_(work.take<std::uint32_t>(problem.size())),
        low_(work.take<double>(problem.size())),
        high_(work.take<double>(problem.size())),
        goal_(work.take<double>(problem.size())) {}

  /// Asks about `count` points of each of `samples`, one pass each, as many rows at a time as the
  /// oracle takes: write(sample, k, row) makes the k-th, hear(sample, k, row, fools) gets the
  /// answer, sample by sample in rising k, so that sums do not depend on what shares a call.
  template <class Write, class Hear>
  void ask(Owners samples, std::uint32_t count, Write write, Hear hear) {
    std::size_t filled = 0;
    const auto flush = [&] {
      const std::span<const std::uint8_t> fools =
          oracle_.succeeded(points_.slice(0, filled), problem_.labels, problem_.targeted,
                            Owners(owners_).first(filled));
      for (std::size_t i = 0; i < filled; ++i) {
        hear(owners_[i], ordinals_[i], Row(points_.row(i)), fools[i] != 0);
      }
      filled = 0;
    };
    for (const std::uint32_t sample : samples) {
      for (std::uint32_t k = 0; k < count; ++k) {
        owners_[filled] = sample;
        ordinals_[filled] = k;
        write(sample, k, points_.row(filled));
        if (++filled == points_.rows) flush();
      }
    }
    if (filled > 0) flush();
  }

  /// points.row(n) becomes a point that fools the model: the known one of problem.starts if it
  /// does, else the first of `tries` noise images blended with x, drawn from rng[n]. Drops the
  /// samples for which there is none, and those whose x itself does, which is offered to `nearest`.
  /// Up to tries + 2 passes.
  void find_starts(std::span<Rng> rng, int tries, Active& active, Nearest& nearest,
                   MutableRows points);

  /// Walks points.row(n), which fools the model, towards x as long as it does: bisection along the
  /// straight line (linf: of the radius that the point is clamped to), down to `tolerance` times
  /// the distance. The result fools the model, too. One pass per halving.
  void to_boundary(Owners samples, double tolerance, MutableRows points);

 private:
  void blend(std::size_t sample, Row far, double share, MutableRow out) const;

  Oracle& oracle_;
  const Problem& problem_;
  MutableRows points_;                 // what is asked next, packed
  std::span<std::uint32_t> owners_;    // sample of each of them
  std::span<std::uint32_t> ordinals_;  // which of its sample's points
  std::span<std::uint32_t> pending_;   // samples still bisecting
  std::span<double> low_;              // share of the way, or radius, that does not fool
  std::span<double> high_;             // one that does
  std::span<double> goal_;             // high - low to stop at
};

}  // namespace gibbon::attacks::search
