// SPDX-License-Identifier: MIT
#include "attacks/search/running_ball.hpp"

#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <stdexcept>

#include "base/lanes.hpp"
#include "base/simd.hpp"

namespace gibbon::attacks::search {
namespace {

/// point = clip(clamp(point + step · gradient, x ± epsilon)).
GIBBON_SIMD void move_linf(Row x, Row gradient, double step, double epsilon, Box box,
                           MutableRow point) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double delta = double{point[d]} - double{x[d]} + step * double{gradient[d]};
    const double inside = std::min(std::max(delta, -epsilon), epsilon);
    const auto moved = static_cast<float>(double{x[d]} + inside);
    point[d] = std::min(std::max(moved, box.lower), box.upper);
  }
}

/// delta = (point - x) + step · gradient; returns Σ |delta|.
GIBBON_SIMD double write_delta(Row x, Row point, Row gradient, double step,
                               std::span<double> delta) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    delta[d] = double{point[d]} - double{x[d]} + step * double{gradient[d]};
  }
  return sum_in_lanes(x.size(), [=](auto d) { return std::abs(delta[d]); });
}

GIBBON_SIMD double sum_above(std::span<const double> delta, double lambda) {
  return sum_in_lanes(delta.size(),
                      [=](auto d) { return std::max(std::abs(delta[d]) - lambda, 0.0); });
}

GIBBON_SIMD double count_above(std::span<const double> delta, double lambda) {
  return sum_in_lanes(delta.size(),
                      [=](auto d) { return std::abs(delta[d]) > lambda ? 1.0 : 0.0; });
}

/// The λ with Σ max(|delta_i| - λ, 0) = epsilon < Σ |delta_i| = total. Newton's method from the
/// left: the sum is convex and piecewise linear in λ, so it never goes too far and ends after
/// finitely many pieces, about ten, without sorting (Michelot 1986).
double l1_threshold(std::span<const double> delta, double total, double epsilon) {
  double lambda = 0.0;
  double sum = total;
  while (sum > epsilon * (1.0 + 1e-9)) {
    const double next = lambda + (sum - epsilon) / count_above(delta, lambda);
    if (!(next > lambda)) break;
    lambda = next;
    sum = sum_above(delta, lambda);
  }
  return lambda;
}

/// point = clip(x + sign(delta) · max(|delta| - lambda, 0)).
GIBBON_SIMD void write_soft(Row x, std::span<const double> delta, double lambda, Box box,
                            MutableRow point) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double size = std::max(std::abs(delta[d]) - lambda, 0.0);
    const auto moved = static_cast<float>(double{x[d]} + (delta[d] < 0.0 ? -size : size));
    point[d] = std::min(std::max(moved, box.lower), box.upper);
  }
}

/// The bits of |delta_d| after clipping to the box, as float32, which order as the numbers do; the
/// clipped point itself goes into `point`.
GIBBON_SIMD void write_sizes(Row x, Row gradient, double step, Box box, MutableRow point,
                             std::span<std::int32_t> sizes) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const auto moved = static_cast<float>(double{point[d]} + step * double{gradient[d]});
    point[d] = std::min(std::max(moved, box.lower), box.upper);
    sizes[d] = std::bit_cast<std::int32_t>(std::abs(point[d] - x[d]));
  }
}

GIBBON_SIMD std::int32_t count_from(std::span<const std::int32_t> sizes, std::int32_t least) {
  std::int32_t count = 0;
  for (const std::int32_t size : sizes) count += size >= least ? 1 : 0;
  return count;
}

/// Takes back all but the `kept` largest changes; among equal ones the first stay. The smallest
/// size that stays is found bit by bit: 31 counts are faster than a sort.
void keep_largest(Row x, std::span<const std::int32_t> sizes, std::int32_t kept, MutableRow point) {
  std::int32_t least = 0;  // the largest with at least `kept` sizes from it on
  for (std::int32_t bit = 1 << 30; bit > 0; bit >>= 1) {
    if (count_from(sizes, least | bit) >= kept) least |= bit;
  }
  std::int32_t equal = kept - count_from(sizes, least + 1);
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (sizes[d] > least || (sizes[d] == least && equal-- > 0)) continue;
    point[d] = x[d];
  }
}

}  // namespace

GIBBON_SIMD double moved_length(Row x, Row point, Row gradient, double step) {
  return std::sqrt(sum_in_lanes(x.size(), [=](std::size_t d) {
    const double delta = double{point[d]} - double{x[d]} + step * double{gradient[d]};
    return delta * delta;
  }));
}

GIBBON_SIMD void move_and_scale(Row x, Row gradient, double step, double scale, Box box,
                                MutableRow point) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double delta = double{point[d]} - double{x[d]} + step * double{gradient[d]};
    const auto moved = static_cast<float>(double{x[d]} + scale * delta);
    point[d] = std::min(std::max(moved, box.lower), box.upper);
  }
}

void move_in_ball(const ThreatModel& ball, Row x, Row gradient, double step,
                  const MoveScratch& scratch, MutableRow point) {
  const double epsilon = ball.epsilon;
  if (ball.norm == Norm::kLinf) {
    return move_linf(x, gradient, step, epsilon, ball.domain, point);
  }
  if (ball.norm == Norm::kL2) {
    const double length = moved_length(x, point, gradient, step);
    const double scale = length > epsilon ? epsilon / length : 1.0;
    return move_and_scale(x, gradient, step, scale, ball.domain, point);
  }
  if (ball.norm == Norm::kL1) {
    const double total = write_delta(x, point, gradient, step, scratch.delta);
    const double lambda = l1_threshold(scratch.delta, total, epsilon);
    return write_soft(x, scratch.delta, lambda, ball.domain, point);
  }
  if (ball.norm != Norm::kL0) {
    throw std::logic_error(fmt::format("move_in_ball: not for {}", to_string(ball.norm)));
  }
  write_sizes(x, gradient, step, ball.domain, point, scratch.sizes);
  keep_largest(x, scratch.sizes, static_cast<std::int32_t>(epsilon), point);
}

}  // namespace gibbon::attacks::search
