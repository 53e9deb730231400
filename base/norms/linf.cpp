// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/lanes.hpp"
#include "base/noise.hpp"
#include "base/norm.hpp"
#include "base/rng.hpp"
#include "base/row_math.hpp"
#include "base/simd.hpp"

namespace gibbon {
namespace {

GIBBON_SIMD double linf_distance(Row a, Row b) {
  return largest_in_lanes(a.size(), [=](auto d) { return std::abs(double{a[d]} - double{b[d]}); });
}

/// The largest float32 that is not above epsilon; one that no box is wider than for infinity.
float radius(double epsilon) {
  if (epsilon > 1e30) return 1e30F;
  const auto near = static_cast<float>(epsilon);
  return double{near} > epsilon ? std::nextafter(near, 0.0F) : near;
}

/// `candidate` if it is within `radius` of x, else the last float32 on the way there that is; then
/// clipped to the box. Mirrored, so that the candidate is never below x and one bound is enough;
/// the rounding error of that bound tells whether to step back, all in float32: a quarter of the
/// time of two bounds in double.
[[gnu::always_inline]] inline float into_linf(float x, float candidate, float radius, Box box) {
  const std::uint32_t mirror = candidate < x ? 0x80000000U : 0U;
  const auto mirrored = [=](float value) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ mirror);
  };
  const float v = mirrored(x);
  const float sum = v + radius;
  // Knuth's two-sum: v + radius = sum + error exactly.
  const float part = sum - v;
  const float error = (v - (sum - part)) + (radius - part);
  const auto bits = std::bit_cast<std::int32_t>(sum);
  const std::int32_t below = bits - ((bits >> 31) | 1);  // the next float32 down; sum is not 0 then
  const auto bound = std::bit_cast<float>(error < 0.0F ? below : bits);
  const float inside = mirrored(std::min(mirrored(candidate), bound));
  return std::min(std::max(inside, box.lower), box.upper);
}

GIBBON_SIMD void project_linf(float radius, Box box, Row origin, MutableRow candidate) {
  for (std::size_t d = 0; d < origin.size(); ++d) {
    candidate[d] = into_linf(origin[d], candidate[d], radius, box);
  }
}

[[gnu::always_inline]] inline float sign_step(float gradient, float size) {
  return gradient > 0.0F ? size : (gradient < 0.0F ? -size : 0.0F);
}

GIBBON_SIMD void ascend_linf(float radius, Box box, Row origin, Row gradient, float size,
                             MutableRow candidate) {
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const float moved = candidate[d] + sign_step(gradient[d], size);
    candidate[d] = into_linf(origin[d], moved, radius, box);
  }
}

GIBBON_SIMD void ascend_linf_from_origin(float radius, Box box, Row origin, Row gradient,
                                         float size, MutableRow candidate) {
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const float moved = origin[d] + sign_step(gradient[d], size);
    candidate[d] = into_linf(origin[d], moved, radius, box);
  }
}

GIBBON_SIMD void ascend_linf_with_momentum(float radius, Box box, Row origin, Row x, Row gradient,
                                           float size, float pull, MutableRow previous) {
  const float push = 1.0F - pull;
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const float lower = std::max(origin[d] - radius, box.lower);
    const float upper = std::min(origin[d] + radius, box.upper);
    const float v = std::min(std::max(x[d] + sign_step(gradient[d], size), lower), upper);
    const float moved = x[d] + pull * (v - x[d]) + push * (x[d] - previous[d]);
    previous[d] = into_linf(origin[d], moved, radius, box);
  }
}

void project(double epsilon, Box box, Row origin, MutableRow candidate) {
  project_linf(radius(epsilon), box, origin, candidate);
}

void steepest_step(Row gradient, double size, MutableRow candidate) {
  const auto step = static_cast<float>(size);
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    candidate[d] += gradient[d] > 0.0F ? step : (gradient[d] < 0.0F ? -step : 0.0F);
  }
}

void ascend(double epsilon, Box box, Row origin, Row gradient, double size, MutableRow candidate) {
  ascend_linf(radius(epsilon), box, origin, gradient, static_cast<float>(size), candidate);
}

void ascend_from_origin(double epsilon, Box box, Row origin, Row gradient, double size,
                        MutableRow candidate) {
  ascend_linf_from_origin(radius(epsilon), box, origin, gradient, static_cast<float>(size),
                          candidate);
}

void ascend_with_momentum(double epsilon, Box box, Row origin, Row x, Row gradient, double size,
                          double pull, MutableRow previous) {
  ascend_linf_with_momentum(radius(epsilon), box, origin, x, gradient, static_cast<float>(size),
                            static_cast<float>(pull), previous);
}

/// The box is a cube as well: the step and the projection give the best point already.
void boxed_step(double epsilon, Box box, Row origin, Row gradient, double direction,
                MutableRow candidate) {
  ascend(epsilon, box, origin, gradient, direction * epsilon, candidate);
}

constexpr std::array kUsualBudgets{0.02, 0.04, 0.08};

double length(std::span<const double> move) {
  double largest = 0.0;
  for (const double value : move) largest = std::max(largest, std::abs(value));
  return largest;
}

void ball_noise(double epsilon, Rng& rng, MutableRow row) {
  for (float& value : row) add_noise(value, epsilon * (2.0 * rng.unit() - 1.0));
}

double diameter(double side, std::size_t /*features*/) { return side; }

double usual_step(std::size_t features) { return usual_linf_step(features); }

}  // namespace

const NormInfo& linf_info() {
  static const NormInfo info{
      .norm = Norm::kLinf,
      .name = "linf",
      .aliases = "l-inf inf infinity l∞",
      .symbol = "l∞",
      .latex = "\\ell_\\infty",
      .summary = "the largest change of any value",
      .ball = "max_i |x'_i - x_i| ≤ ε",
      .steepest = "ε · sign(∇ₓJ)",
      .each_value = true,
      .usual_budgets = kUsualBudgets,
      .usual_step = usual_step,
      .distance = linf_distance,
      .length = length,
      .dual_length = l1_length,
      .diameter = diameter,
      .project = project,
      .steepest_step = steepest_step,
      .boxed_step = boxed_step,
      .ball_noise = ball_noise,
      .ascend = ascend,
      .ascend_from_origin = ascend_from_origin,
      .ascend_with_momentum = ascend_with_momentum,
  };
  return info;
}

}  // namespace gibbon
