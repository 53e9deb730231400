// SPDX-License-Identifier: MIT
#include "attacks/threat_model.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace gibbon::attacks {
namespace {

using Point = std::vector<float>;

/// A norm that GoogleTest prints by name.
struct NormCase {
  Norm norm;
  friend std::ostream& operator<<(std::ostream& out, const NormCase& c) {
    return out << to_string(c.norm);
  }
};
constexpr std::array kNormCases{NormCase{Norm::kLinf}, NormCase{Norm::kL2}, NormCase{Norm::kL1}};

constexpr Box kWide{-10.0F, 10.0F};

Point random(std::uint64_t id, std::size_t size, float low, float high) {
  Point out(size);
  Rng rng(0, id, "threat-model-test");
  for (float& value : out) value = rng.uniform(low, high);
  return out;
}

double dot(const Point& gradient, const Point& from, const Point& to) {
  double sum = 0.0;
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    sum += double{gradient[d]} * (double{to[d]} - double{from[d]});
  }
  return sum;
}

/// ||b - a||, one running sum in long double.
double plain_distance(Norm norm, const Point& a, const Point& b) {
  long double out = 0.0L;
  for (std::size_t d = 0; d < a.size(); ++d) {
    const long double gap =
        std::abs(static_cast<long double>(b[d]) - static_cast<long double>(a[d]));
    if (norm == Norm::kLinf) out = std::max(out, gap);
    if (norm == Norm::kL2) out += gap * gap;
    if (norm == Norm::kL1) out += gap;
    if (norm == Norm::kL0) out += gap > 0.0L ? 1.0L : 0.0L;
  }
  return static_cast<double>(norm == Norm::kL2 ? std::sqrt(out) : out);
}

/// The largest float32 that is not above `value`.
float not_above(double value) {
  const auto near = static_cast<float>(value);
  return double{near} > value ? std::nextafter(near, -1.0F) : near;
}

void expect_point(const Point& got, const std::vector<double>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t d = 0; d < got.size(); ++d) EXPECT_NEAR(double{got[d]}, want[d], 1e-6) << d;
}

Point projected(ThreatModel threat, const Point& origin, Point candidate) {
  project(threat, origin, candidate);
  return candidate;
}

TEST(Distance, IsTheNormForAnyLength) {
  for (const std::size_t size : {0U, 1U, 3U, 15U, 16U, 17U, 37U, 784U}) {
    const Point a = random(1, size, -1.0F, 1.0F);
    const Point b = random(2, size, -1.0F, 1.0F);
    for (const Norm norm : kNorms) {
      const double want = plain_distance(norm, a, b);
      EXPECT_NEAR(distance(norm, a, b), want, 1e-15 * static_cast<double>(size) * want) << size;
    }
    const Point zero(size);
    const auto length = [&](Norm norm) { return plain_distance(norm, zero, a); };
    EXPECT_NEAR(dual_length(Norm::kLinf, a), length(Norm::kL1), 1e-12);
    EXPECT_NEAR(dual_length(Norm::kL2, a), length(Norm::kL2), 1e-12);
    EXPECT_EQ(dual_length(Norm::kL1, a), length(Norm::kLinf));
  }
}

TEST(Reach, IsTheBudgetAndTheRoundingOfNorms) {
  EXPECT_EQ((ThreatModel{Norm::kLinf, 0.3, {}}.reach()), 0.3);
  EXPECT_EQ((ThreatModel{Norm::kL2, 0.3, {}}.reach()), 0.3 * (1.0 + 1e-6));
  EXPECT_EQ((ThreatModel{Norm::kL1, 0.3, {}}.reach()), 0.3 * (1.0 + 1e-6));
}

TEST(Project, L0KeepsTheLargestChanges) {
  const Box wide{-5.0F, 5.0F};
  const Point zero(4);
  expect_point(projected({Norm::kL0, 2.0, wide}, zero, {-1.5F, -0.5F, 0.1F, 2.0F}),
               {-1.5, 0.0, 0.0, 2.0});
  expect_point(projected({Norm::kL0, 2.9, wide}, zero, {0.3F, 0.7F, 0.1F, 1.0F}),
               {0.0, 0.7, 0.0, 1.0});
  expect_point(projected({Norm::kL0, 1.0, wide}, zero, {0.7F, -0.7F, 0.1F, 0.0F}),
               {0.7, 0.0, 0.0, 0.0});
  expect_point(projected({Norm::kL0, 9.0, {0.0F, 1.0F}}, zero, {0.7F, -0.7F, 2.0F, 0.0F}),
               {0.7, 0.0, 1.0, 0.0});
}

TEST(Project, AnInfiniteBallOnlyClips) {
  constexpr double kUnlimited = std::numeric_limits<double>::infinity();
  for (const Norm norm : kNorms) {
    expect_point(projected({norm, kUnlimited, {0.0F, 1.0F}}, {0.5F, 0.5F}, {-3.0F, 0.75F}),
                 {0.0, 0.75});
  }
}

TEST(SteepestStep, MakesTheMostOfItsLength) {
  const auto step = [](Norm norm, const Point& gradient, double size) {
    Point out(gradient.size());
    steepest_step(norm, gradient, size, out);
    return out;
  };
  for (const double size : {0.0, 0.1, 1.0, 3.0}) {
    const Point zero(2);
    for (const Norm norm : {Norm::kLinf, Norm::kL2, Norm::kL1}) {
      EXPECT_NEAR(distance(norm, zero, step(norm, {1.0F, -2.0F}, size)), size, 1e-6);
    }
    EXPECT_NEAR(dot({1.0F, -2.0F}, zero, step(Norm::kLinf, {1.0F, -2.0F}, size)), 3.0 * size, 1e-6);
    EXPECT_NEAR(dot({1.0F, -2.0F}, zero, step(Norm::kL1, {1.0F, -2.0F}, size)), 2.0 * size, 1e-6);
    EXPECT_NEAR(dot({2.0F, -2.0F}, zero, step(Norm::kL1, {2.0F, -2.0F}, size)), 2.0 * size, 1e-6);
    EXPECT_NEAR(dot({0.7071F, -0.7071F}, zero, step(Norm::kL2, {0.7071F, -0.7071F}, size)), size,
                1e-4);
  }
  expect_point(step(Norm::kLinf, {1.0F, 0.0F, -2.0F}, 0.5), {0.5, 0.0, -0.5});
  expect_point(step(Norm::kL2, {3.0F, 0.0F, -4.0F}, 0.5), {0.3, 0.0, -0.4});
  expect_point(step(Norm::kL1, {1.0F, 0.0F, -2.0F}, 0.5), {0.0, 0.0, -0.5});
  expect_point(step(Norm::kL1, {2.0F, 0.0F, -2.0F}, 0.5), {0.25, 0.0, -0.25});
  expect_point(step(Norm::kL2, {3e-30F, 0.0F, -4e-30F}, 0.5), {0.3, 0.0, -0.4});
  // It adds to what is there.
  Point candidate{1.0F, 1.0F};
  steepest_step(Norm::kLinf, Point{1.0F, -1.0F}, 0.5, candidate);
  expect_point(candidate, {1.5, 0.5});
}

TEST(Project, KnownPoints) {
  const Point zero(2);
  expect_point(projected({Norm::kL1, 2.0, kWide}, zero, {2.0F, 2.0F}), {1.0, 1.0});
  expect_point(projected({Norm::kL1, 2.0, kWide}, zero, {1.0F, -1.0F}), {1.0, -1.0});
  expect_point(projected({Norm::kL1, 2.0, kWide}, zero, {4.0F, -1.0F}), {2.0, 0.0});
  expect_point(projected({Norm::kL2, 5.0, kWide}, zero, {3.0F, 4.0F}), {3.0, 4.0});
  expect_point(projected({Norm::kL2, 5.0, kWide}, zero, {6.0F, -8.0F}), {3.0, -4.0});
  expect_point(projected({Norm::kLinf, 1.0, kWide}, zero, {3.0F, -4.0F}), {1.0, -1.0});
  // Scaled by 0.5 / √0.52 first, clipped afterwards.
  expect_point(projected({Norm::kL2, 0.5, {}}, {0.9F, 0.5F}, {1.5F, 0.9F}), {1.0, 0.777350});
  // Euclidean on ball and box together: what the box takes away goes to the other features.
  expect_point(projected({Norm::kL1, 0.4, {}}, {0.9F, 0.5F}, {1.4F, 1.0F}), {1.0, 0.8});
  expect_point(projected({Norm::kL1, 0.5, {}}, {0.5F, 0.5F, 0.5F}, {1.1F, 0.3F, 0.55F}),
               {0.95, 0.45, 0.5});
}

TEST(Project, LargeVectorsMeetTheRadius) {
  const Point origin(784);
  const Point far = random(3, 784, -5.0F, 5.0F);
  for (const Norm norm : {Norm::kL1, Norm::kL2}) {
    EXPECT_NEAR(plain_distance(norm, origin, projected({norm, 3.14159, kWide}, origin, far)),
                3.14159, 3.2e-7);
  }
  const Point cube = projected({Norm::kLinf, 0.314159, kWide}, origin, far);
  EXPECT_EQ(std::ranges::max(cube), not_above(0.314159));
  EXPECT_EQ(std::ranges::min(cube), -not_above(0.314159));
}

// In double never farther than ε from x, while the next float32 is out of reach of the largest
// float32 that ε holds.
TEST(Project, LinfBoundsAreRoundedInwardAndTight) {
  Rng rng(5, 0, "threat-model-test");
  std::size_t rounded = 0;
  for (std::size_t trial = 0; trial < 5000; ++trial) {
    const double epsilon = std::array{0.1, 8.0 / 255.0, 0.3, 1e-6, rng.unit()}[trial % 5];
    const Box box = trial % 2 == 0 ? Box{} : kWide;
    const Point x{rng.uniform(box.lower, box.upper)};
    for (const float side : {-1.0F, 1.0F}) {
      const float far = 30.0F * side;
      const float got = projected({Norm::kLinf, epsilon, box}, x, {far})[0];
      const double moved = std::abs(double{got} - double{x[0]});
      ASSERT_LE(moved, epsilon) << x[0];
      ASSERT_TRUE(box.contains(got));
      const float further = std::nextafter(got, far);
      if (box.contains(further)) {
        ASSERT_GE(std::abs(double{further} - double{x[0]}), double{not_above(epsilon)}) << x[0];
      }
      const auto nearest = static_cast<float>(double{x[0]} + double{side} * epsilon);
      rounded += nearest != got && box.contains(nearest) ? 1U : 0U;
    }
  }
  EXPECT_GT(rounded, 1000U) << "plain rounding would have been enough: nothing is tested";
}

class Geometry : public testing::TestWithParam<NormCase> {};

TEST_P(Geometry, ProjectionIsInsideAndFinalAtAnyBudget) {
  for (const std::size_t size : {1U, 2U, 17U, 784U}) {
    for (const double epsilon : {0.0, 1e-30, 1e-7, 1e-3, 0.1, 8.0 / 255.0, 1.0, 20.0, 1e3, 1e30}) {
      for (std::uint64_t trial = 0; trial < 6; ++trial) {
        const ThreatModel threat{GetParam().norm, epsilon, {}};
        const Point origin = random(trial, size, 0.0F, 1.0F);
        const float spread = std::array{0.01F, 2.0F, 1e6F}[trial % 3];
        const Point got = projected(threat, origin, random(trial + 100, size, -spread, spread));
        ASSERT_LE(plain_distance(threat.norm, origin, got), threat.reach()) << epsilon;
        for (const float value : got) ASSERT_TRUE(threat.domain.contains(value));
        const Point again = projected(threat, origin, got);
        ASSERT_LE(distance(Norm::kLinf, again, got), 0x1p-22);
        if (epsilon == 0.0) {
          ASSERT_EQ(got, origin);
        }
      }
    }
  }
}

TEST_P(Geometry, ProjectionLeavesInnerPointsBitForBit) {
  for (std::uint64_t trial = 0; trial < 50; ++trial) {
    const Point origin = random(trial, 37, 0.3F, 0.7F);
    Point inner = random(trial + 100, 37, -0.02F, 0.02F);
    for (std::size_t d = 0; d < 37; ++d) inner[d] += origin[d];
    EXPECT_EQ(projected({GetParam().norm, 1.0, {}}, origin, inner), inner);
  }
}

// p is the Euclidean projection of v on a convex set exactly when <v - p, q - p> <= 0 for all q in
// it. linf and l1 promise that; l2 scales and clips instead.
TEST(Project, OfLinfAndL1IsEuclidean) {
  for (const Norm norm : {Norm::kLinf, Norm::kL1}) {
    const ThreatModel threat{norm, 0.6, {}};
    for (std::uint64_t trial = 0; trial < 100; ++trial) {
      const Point origin = random(trial, 4, 0.0F, 1.0F);
      const Point v = random(trial + 1000, 4, -0.7F, 1.7F);
      const Point p = projected(threat, origin, v);
      for (std::uint64_t other = 0; other < 100; ++other) {
        // any feasible point: a random one, drawn towards the origin until it is inside
        const Point q = random(other + 5000, 4, 0.0F, 1.0F);
        const double scale = std::min(1.0, threat.epsilon / plain_distance(norm, origin, q));
        double along = 0.0;
        for (std::size_t d = 0; d < 4; ++d) {
          const double qd = double{origin[d]} + scale * (double{q[d]} - double{origin[d]});
          along += (double{v[d]} - double{p[d]}) * (qd - double{p[d]});
        }
        ASSERT_LE(along, 1e-6) << to_string(norm);
      }
    }
  }
}

TEST_P(Geometry, AscendIsStepThenProjectBitForBit) {
  for (const std::size_t size : {1U, 15U, 16U, 37U, 784U}) {
    for (std::uint64_t trial = 0; trial < 60; ++trial) {
      const ThreatModel threat{GetParam().norm, std::array{0.2, 0.9, 8.0 / 255.0}[trial % 3],
                               trial % 2 == 0 ? Box{} : Box{-0.5F, 2.0F}};
      const Point origin = random(trial, size, 0.0F, 1.0F);
      Point gradient = random(trial + 100, size, -1.0F, 1.0F);
      gradient[size / 2] = 0.0F;
      Point composed = random(trial + 200, size, -1.0F, 2.0F);
      Point fused = composed;
      const double step = trial % 4 == 0 ? -0.07 : 0.07;
      steepest_step(threat.norm, gradient, step, composed);
      project(threat, origin, composed);
      ascend(threat, origin, gradient, step, fused);
      ASSERT_EQ(fused, composed);

      Point from_origin = origin;
      ascend(threat, origin, gradient, step, from_origin);
      ascend_from_origin(threat, origin, gradient, step, fused);  // overwrites, whatever it held
      ASSERT_EQ(fused, from_origin);
    }
  }
}

// Every feature gives up the same λ: all of its way if that is less, none of it beyond the side of
// the box. Sizes around the vector width, ties, and all features alike.
TEST(Project, OfL1TakesTheSameFromEveryFeature) {
  for (const std::size_t size : {1U, 2U, 15U, 16U, 17U, 784U}) {
    for (std::uint64_t trial = 0; trial < 60; ++trial) {
      const double epsilon = std::array{0.01, 0.3, 2.0, 12.0}[trial % 4];
      const Point origin = random(trial, size, 0.0F, 1.0F);
      Point v = random(trial + 100, size, -1.0F, 2.0F);
      if (trial % 5 == 0) v = Point(size, 1.5F);
      if (trial % 5 == 1) v = origin;
      const Point p = projected({Norm::kL1, epsilon, {}}, origin, v);
      double total = 0.0;
      double most = 0.0;
      double least = 0.0;
      for (std::size_t d = 0; d < size; ++d) {
        const double way = std::abs(double{v[d]} - double{origin[d]});
        const double moved = std::abs(double{p[d]} - double{origin[d]});
        const double room = v[d] > origin[d] ? 1.0 - double{origin[d]} : double{origin[d]};
        total += std::min(way, room);
        EXPECT_GE(dot({1.0F}, {origin[d]}, {p[d]}) * (double{v[d]} - double{origin[d]}), 0.0);
        // What it gave up is λ; at least λ when it was stopped by the box, at most when unmoved.
        if (moved < room - 1e-6) most = std::max(most, way - moved);
        if (moved > 1e-6) least = least == 0.0 ? way - moved : std::min(least, way - moved);
      }
      const double wanted = std::min(total, epsilon);
      EXPECT_NEAR(plain_distance(Norm::kL1, origin, p), wanted, 1e-6 * (wanted + 1.0));
      if (total > epsilon && least > 0.0) {
        EXPECT_LE(most, least + 1e-6);
      }
    }
  }
}

TEST_P(Geometry, AscendWithMomentumIsItsFormula) {
  for (const std::size_t size : {1U, 15U, 16U, 37U, 784U}) {
    for (std::uint64_t trial = 0; trial < 60; ++trial) {
      const ThreatModel threat{GetParam().norm, std::array{0.2, 0.9, 8.0 / 255.0}[trial % 3],
                               trial % 2 == 0 ? Box{} : Box{-0.5F, 2.0F}};
      const Point origin = random(trial, size, 0.0F, 1.0F);
      Point gradient = random(trial + 100, size, -1.0F, 1.0F);
      gradient[size / 2] = 0.0F;
      const Point x = projected(threat, origin, random(trial + 200, size, -1.0F, 2.0F));
      const Point previous = projected(threat, origin, random(trial + 300, size, -1.0F, 2.0F));
      const double step = trial % 4 == 0 ? -0.07 : 0.07;
      const float pull = trial % 3 == 0 ? 1.0F : 0.75F;
      Point v = x;
      ascend(threat, origin, gradient, step, v);
      Point composed(size);
      for (std::size_t d = 0; d < size; ++d) {
        composed[d] = x[d] + pull * (v[d] - x[d]) + (1.0F - pull) * (x[d] - previous[d]);
      }
      project(threat, origin, composed);
      Point fused = previous;
      ascend_with_momentum(threat, origin, x, gradient, step, double{pull}, fused);
      for (std::size_t d = 0; d < size; ++d) {
        // linf: v may be one rounding of a number below 4 off.
        ASSERT_NEAR(fused[d], composed[d], threat.norm == Norm::kLinf ? 3e-7 : 0.0);
      }
      ASSERT_LE(distance(threat.norm, origin, fused), threat.reach());
    }
  }
}

TEST_P(Geometry, AZeroGradientMovesNothing) {
  const ThreatModel threat{GetParam().norm, 0.3, {}};
  const Point origin = random(1, 37, 0.0F, 1.0F);
  const Point zero(37);
  Point candidate = origin;
  steepest_step(threat.norm, zero, 0.3, candidate);
  EXPECT_EQ(candidate, origin);
  ascend(threat, origin, zero, 0.3, candidate);
  EXPECT_EQ(candidate, origin);
  candidate.assign(37, 9.0F);
  boxed_step(threat, origin, zero, 1.0, candidate);
  EXPECT_EQ(candidate, origin);
}

// In two dimensions every direction can be tried: along each, the farthest point inside ball and
// box.
TEST_P(Geometry, BoxedStepIsTheBestOfAllDirections) {
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    const ThreatModel threat{GetParam().norm, std::array{0.05, 0.4, 0.9, 3.0}[trial % 4], {}};
    const Point origin = random(trial, 2, 0.0F, 1.0F);
    Point gradient = random(trial + 100, 2, -1.0F, 1.0F);
    if (trial % 7 == 0) gradient[1] = 1e-3F * gradient[0];  // leans on one side
    const double direction = trial % 3 == 0 ? -1.0 : 1.0;
    double best = 0.0;
    constexpr int kDirections = 20000;
    for (int k = 0; k < kDirections; ++k) {
      const double angle = 2.0 * std::numbers::pi * k / kDirections;
      const std::array u{std::cos(angle), std::sin(angle)};
      const double norm = threat.norm == Norm::kLinf ? std::max(std::abs(u[0]), std::abs(u[1]))
                          : threat.norm == Norm::kL2 ? 1.0
                                                     : std::abs(u[0]) + std::abs(u[1]);
      double radius = threat.epsilon / norm;
      for (std::size_t d = 0; d < 2; ++d) {
        if (u[d] > 1e-12) radius = std::min(radius, (1.0 - double{origin[d]}) / u[d]);
        if (u[d] < -1e-12) radius = std::min(radius, double{origin[d]} / -u[d]);
      }
      best = std::max(
          best, direction * radius * (u[0] * double{gradient[0]} + u[1] * double{gradient[1]}));
    }
    Point got{9.0F, 9.0F};
    boxed_step(threat, origin, gradient, direction, got);
    EXPECT_LE(plain_distance(threat.norm, origin, got), threat.reach());
    for (const float value : got) EXPECT_TRUE(threat.domain.contains(value));
    // Every direction tried is feasible; what is feasible and not below them all is the best.
    EXPECT_GE(direction * dot(gradient, origin, got), best - 1e-6) << "trial " << trial;
  }
}

TEST_P(Geometry, NoFeasiblePointBeatsBoxedStepInManyDimensions) {
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    const ThreatModel threat{GetParam().norm, 0.7, {}};
    const Point origin = random(trial, 9, 0.0F, 1.0F);
    const Point gradient = random(trial + 100, 9, -1.0F, 1.0F);
    Point got(9);
    boxed_step(threat, origin, gradient, 1.0, got);
    const double value = dot(gradient, origin, got);
    Point fgm = origin;
    ascend(threat, origin, gradient, threat.epsilon, fgm);
    EXPECT_LE(dot(gradient, origin, fgm), value + 1e-6) << "step, then clip";
    for (std::uint64_t other = 0; other < 200; ++other) {
      Point candidate = random(other + 9000, 9, -0.7F, 0.7F);
      for (std::size_t d = 0; d < 9; ++d)
        candidate[d] = 0.5F * candidate[d] + got[d];  // around the best
      ASSERT_LE(dot(gradient, origin, projected(threat, origin, candidate)), value + 1e-5);
    }
  }
}

// The whole budget is spent while the box leaves room, for gradients of any size.
TEST_P(Geometry, BoxedStepSpendsItsBudget) {
  const ThreatModel threat{GetParam().norm, 0.25, kWide};
  const Point origin(784);
  for (const float size : {1e-30F, 1.0F, 1e30F}) {
    const Point gradient = random(4, 784, -size, size);
    Point got(784);
    boxed_step(threat, origin, gradient, 1.0, got);
    EXPECT_NEAR(plain_distance(threat.norm, origin, got), 0.25, 1e-6) << size;
    EXPECT_NEAR(dot(gradient, origin, got), 0.25 * dual_length(threat.norm, gradient),
                1e-6 * 0.25 * dual_length(threat.norm, gradient));
  }
}

INSTANTIATE_TEST_SUITE_P(Norms, Geometry, testing::ValuesIn(kNormCases),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace gibbon::attacks
