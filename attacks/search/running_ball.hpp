// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/attack.hpp"

// Steps inside a ball around x whose radius an attack changes all the time (FMN, DDN). Unlike
// project(), which every candidate goes through, these promise no bound after rounding and ignore
// the box while they project, as the papers do; so they need no sort and stay near 2 µs for 784
// features.
namespace gibbon::attacks::search {

/// ||(point - x) + step · gradient||_2, in double.
[[nodiscard]] double moved_length(Row x, Row point, Row gradient, double step);

/// point = clip(x + scale · ((point - x) + step · gradient)), in double but for the result.
void move_and_scale(Row x, Row gradient, double step, double scale, Box box, MutableRow point);

/// What move_in_ball() overwrites, for samples of `features` values; may be shared by all samples.
struct MoveScratch {
  MoveScratch(Workspace& work, std::size_t features)
      : delta(work.take<double>(features)), sizes(work.take<std::int32_t>(features)) {}
  std::span<double> delta;
  std::span<std::int32_t> sizes;
};

/// point = clip(x + projection of (point - x) + step · gradient on the ball), in double but for the
/// result. linf: clamped; l2: scaled; l1: Euclidean projection (Duchi et al. 2008), the threshold
/// by Newton's method (Michelot 1986). l0: clipped first, then exactly the epsilon largest changes
/// stay, among equal ones the first; epsilon is whole and in 1 … features.
void move_in_ball(const ThreatModel& ball, Row x, Row gradient, double step,
                  const MoveScratch& scratch, MutableRow point);

}  // namespace gibbon::attacks::search
