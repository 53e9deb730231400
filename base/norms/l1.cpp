// SPDX-License-Identifier: MIT
#include <cmath>
#include <numeric>
#include <vector>

#include "base/lanes.hpp"
#include "base/noise.hpp"
#include "base/norm.hpp"
#include "base/rng.hpp"
#include "base/row_math.hpp"
#include "base/simd.hpp"

namespace gibbon {
namespace {

constexpr double kRounding = 1e-6;
constexpr std::array kUsualBudgets{0.6, 1.2, 2.4};

GIBBON_SIMD double l1_distance(Row a, Row b) {
  return sum_in_lanes(a.size(), [=](auto d) { return std::abs(double{a[d]} - double{b[d]}); });
}

/// What the projection on ball ∩ box in l1 works on, per feature: size = |candidate - origin| and
/// room = distance to the side of the box in that direction.
struct L1Move {
  std::span<double> size;
  std::span<double> room;
};

GIBBON_SIMD void measure(Box box, Row origin, Row candidate, L1Move move) {
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const double v = double{candidate[d]} - double{origin[d]};
    const double above = double{box.upper} - double{origin[d]};
    const double below = double{origin[d]} - double{box.lower};
    move.size[d] = std::abs(v);
    move.room[d] = v > 0.0 ? above : below;
  }
}

/// Σ min(max(size_i - λ, 0), room_i): falls with λ, linear between the breakpoints size_i and
/// size_i - room_i.
GIBBON_SIMD double spent(L1Move move, double lambda) {
  const double* size = move.size.data();
  const double* room = move.room.data();
  return sum_in_lanes(move.size.size(), [=](std::size_t d) {
    const double moved = size[d] - lambda > 0.0 ? size[d] - lambda : 0.0;
    return moved < room[d] ? moved : room[d];
  });
}

/// How fast it falls there.
GIBBON_SIMD double spending(L1Move move, double lambda) {
  const double* size = move.size.data();
  const double* room = move.room.data();
  return sum_in_lanes(move.size.size(), [=](std::size_t d) {
    const double moved = size[d] - lambda;
    const double falls = moved > 0.0 ? 1.0 : 0.0;
    return moved < room[d] ? falls : 0.0;
  });
}

GIBBON_SIMD double largest(L1Move move) {
  const double* size = move.size.data();
  return largest_in_lanes(move.size.size(), [=](std::size_t d) { return size[d]; });
}

GIBBON_SIMD void shrink(L1Move move, double lambda, Row origin, MutableRow candidate) {
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const double moved = std::min(std::max(move.size[d] - lambda, 0.0), move.room[d]);
    const double x{origin[d]};
    candidate[d] = static_cast<float>(candidate[d] < origin[d] ? x - moved : x + moved);
  }
}

/// The λ at which spent() = epsilon < spent(0): Newton's method, which is exact once it is on the
/// right piece, with bisection where it would leave the bracket. Some eight rounds of 0.2 µs for
/// 784 features, where sorting the breakpoints takes 100 µs.
double find_lambda(L1Move move, double epsilon) {
  double low = 0.0;
  double high = largest(move);
  double lambda = 0.0;
  for (int round = 0; round < 100; ++round) {
    const double excess = spent(move, lambda) - epsilon;
    if (std::abs(excess) <= 1e-12 * epsilon) return lambda;
    (excess > 0.0 ? low : high) = lambda;
    lambda += excess / spending(move, lambda);  // NaN or infinite where nothing moves
    if (!(lambda > low && lambda < high)) lambda = 0.5 * (low + high);
  }
  return high;
}

/// delta_i = sign(v_i) · min(max(|v_i| - λ, 0), room_i), λ = 0 if that fits the budget, else the
/// root of Σ|delta_i| = epsilon.
void project_l1(double epsilon, Box box, Row origin, MutableRow candidate) {
  thread_local std::vector<double> size;
  thread_local std::vector<double> room;
  size.resize(origin.size());
  room.resize(origin.size());
  const L1Move move{size, room};
  measure(box, origin, candidate, move);
  const double total = spent(move, 0.0);
  shrink(move, total > epsilon ? find_lambda(move, epsilon) : 0.0, origin, candidate);
  clip(box, candidate);
  settle(l1_distance, epsilon, kRounding, origin, candidate);
}

void boxed_l1(double epsilon, Box box, Row origin, Row gradient, double direction,
              MutableRow candidate) {
  thread_local std::vector<std::size_t> order;
  order.resize(origin.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {  // stable_sort would allocate
    const float size_a = std::abs(gradient[a]);
    const float size_b = std::abs(gradient[b]);
    return size_a != size_b ? size_a > size_b : a < b;
  });
  double left = epsilon;
  for (const std::size_t d : order) {
    const double slope = direction * double{gradient[d]};
    if (left <= 0.0 || slope == 0.0) break;
    const double moved = std::min(left, room(box, origin[d], slope));
    candidate[d] = static_cast<float>(double{origin[d]} + std::copysign(moved, slope));
    left -= moved;
  }
  clip(box, candidate);
  settle(l1_distance, epsilon, kRounding, origin, candidate);
}

double length(std::span<const double> move) {
  double sum = 0.0;
  for (const double value : move) sum += std::abs(value);
  return sum;
}

/// Random signs, sizes ε · E_i / Σ(E_1 … E_{D+1}) with E exponential (Calafiore, Dabbene & Tempo
/// 1999).
void ball_noise(double epsilon, Rng& rng, MutableRow row) {
  add_scaled_noise(
      row,
      [&] {
        const double size = rng.exponential();
        return (rng.bits() & 1U) != 0 ? size : -size;
      },
      [&](std::span<const double> noise) { return epsilon / (length(noise) + rng.exponential()); });
}

double diameter(double side, std::size_t features) { return side * static_cast<double>(features); }

double usual_step(std::size_t features) {
  return round_step(2.0 * usual_linf_step(features) * std::sqrt(static_cast<double>(features)));
}

}  // namespace

const NormInfo& l1_info() {
  static const NormInfo info{
      .norm = Norm::kL1,
      .name = "l1",
      .aliases = "l-1 1",
      .symbol = "l₁",
      .latex = "\\ell_1",
      .summary = "sum of all changes",
      .ball = "Σ_i |x'_i - x_i| ≤ ε",
      .steepest = "ε · sign(∂J/∂x_i) at the i with the largest |∂J/∂x_i|, 0 elsewhere",
      .usual_budgets = kUsualBudgets,
      .usual_step = usual_step,
      .rounding = kRounding,
      .distance = l1_distance,
      .length = length,
      .dual_length = linf_length,
      .diameter = diameter,
      .project = project_l1,
      .steepest_step = step_along_largest,
      .boxed_step = boxed_l1,
      .ball_noise = ball_noise,
  };
  return info;
}

}  // namespace gibbon
