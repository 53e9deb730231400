// SPDX-License-Identifier: MIT
#include <cmath>

#include "base/lanes.hpp"
#include "base/noise.hpp"
#include "base/norm.hpp"
#include "base/rng.hpp"
#include "base/row_math.hpp"
#include "base/simd.hpp"

namespace gibbon {
namespace {

constexpr double kRounding = 1e-6;
constexpr std::array kUsualBudgets{0.14, 0.28, 0.56};

GIBBON_SIMD double l2_distance(Row a, Row b) {
  return std::sqrt(sum_in_lanes(a.size(), [=](std::size_t d) {
    const double delta = double{a[d]} - double{b[d]};
    return delta * delta;
  }));
}

GIBBON_SIMD void add_scaled(Row gradient, double scale, MutableRow candidate) {
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    candidate[d] = static_cast<float>(double{candidate[d]} + scale * double{gradient[d]});
  }
}

void project_l2(double epsilon, Box box, Row origin, MutableRow candidate) {
  if (const double moved = l2_distance(origin, candidate); moved > epsilon) {
    scale_towards(origin, epsilon / moved, candidate);
  }
  clip(box, candidate);
  settle(l2_distance, epsilon, kRounding, origin, candidate);
}

void steepest_step(Row gradient, double size, MutableRow candidate) {
  const double slope = l2_length(gradient);
  if (slope == 0.0) return;
  add_scaled(gradient, size / slope, candidate);
}

void boxed_l2(double epsilon, Box box, Row origin, Row gradient, double direction,
              MutableRow candidate) {
  const auto moved = [&](std::size_t d, double lambda) {
    const double slope = direction * double{gradient[d]};
    const double limit = room(box, origin[d], slope);
    return std::copysign(std::min(lambda * std::abs(slope), limit), slope);
  };
  const auto length = [&](double lambda) {
    double sum = 0.0;
    for (std::size_t d = 0; d < origin.size(); ++d) sum += moved(d, lambda) * moved(d, lambda);
    return std::sqrt(sum);
  };
  double high = epsilon / l2_length(gradient);
  double low = 0.0;
  // The corner of the box may lie inside the ball: then the length never reaches epsilon.
  for (int k = 0; k < 64 && length(high) < epsilon; ++k) {
    low = high;
    high *= 2.0;
  }
  for (int k = 0; k < 64; ++k) {
    const double middle = 0.5 * (low + high);
    (length(middle) > epsilon ? high : low) = middle;
  }
  for (std::size_t d = 0; d < origin.size(); ++d) {
    candidate[d] = static_cast<float>(double{origin[d]} + moved(d, low));
  }
  clip(box, candidate);
  settle(l2_distance, epsilon, kRounding, origin, candidate);
}

double length(std::span<const double> move) {
  double squares = 0.0;
  for (const double value : move) squares += value * value;
  return std::sqrt(squares);
}

/// A Gaussian direction of length ε · U^(1/D).
void ball_noise(double epsilon, Rng& rng, MutableRow row) {
  add_scaled_noise(
      row, [&] { return rng.normal(); },
      [&](std::span<const double> noise) {
        const double radius = std::pow(rng.unit(), 1.0 / static_cast<double>(row.size()));
        return epsilon * radius / length(noise);
      });
}

double diameter(double side, std::size_t features) {
  return side * std::sqrt(static_cast<double>(features));
}

double usual_step(std::size_t features) {
  return round_step(2.0 * usual_linf_step(features) *
                    std::pow(static_cast<double>(features), 0.25));
}

}  // namespace

const NormInfo& l2_info() {
  static const NormInfo info{
      .norm = Norm::kL2,
      .name = "l2",
      .aliases = "l-2 2 euclidean",
      .symbol = "l₂",
      .latex = "\\ell_2",
      .summary = "Euclidean length of the change",
      .ball = "sqrt(Σ_i (x'_i - x_i)²) ≤ ε",
      .steepest = "ε · ∇ₓJ / ||∇ₓJ||₂",
      .usual_budgets = kUsualBudgets,
      .usual_step = usual_step,
      .rounding = kRounding,
      .distance = l2_distance,
      .length = length,
      .dual_length = l2_length,
      .diameter = diameter,
      .project = project_l2,
      .steepest_step = steepest_step,
      .boxed_step = boxed_l2,
      .ball_noise = ball_noise,
  };
  return info;
}

}  // namespace gibbon
