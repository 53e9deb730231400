// SPDX-License-Identifier: MIT
#include "base/norm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"

namespace gibbon {

void PrintTo(const NormInfo& norm, std::ostream* out) { *out << norm.name; }

namespace {

using Point = std::vector<float>;

constexpr Box kBox{0.0F, 1.0F};
constexpr std::size_t kFeatures = 6;
constexpr std::uint64_t kTrials = 300;

Point random(std::uint64_t id, std::string_view what, float low, float high) {
  Point out(kFeatures);
  Rng rng(0, id, what);
  for (float& value : out) value = rng.uniform(low, high);
  return out;
}

double slope_along(const Point& gradient, const Point& from, const Point& to) {
  double sum = 0.0;
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    sum += double{gradient[d]} * (double{to[d]} - double{from[d]});
  }
  return sum;
}

double euclidean(const Point& a, const Point& b) {
  double sum = 0.0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    sum += (double{a[d]} - double{b[d]}) * (double{a[d]} - double{b[d]});
  }
  return std::sqrt(sum);
}

/// Every entry of the catalogue against the definitions of what it says.
class EveryNorm : public testing::TestWithParam<NormInfo> {
 protected:
  const NormInfo& norm_ = GetParam();

  /// From about nothing to about everything, in whole numbers where only these make sense.
  [[nodiscard]] std::vector<double> budgets() const {
    if (norm_.counts) return {1.0, 2.0, 4.0};
    const double most = norm_.diameter(1.0, kFeatures);
    return {0.02 * most, 0.1 * most, 0.3 * most};
  }
  [[nodiscard]] double reach(double epsilon) const { return epsilon * (1.0 + norm_.rounding); }

  /// A random point of ball and box around x, often on the ball's boundary: on a random line from x
  /// as far as the ball goes, with only some features moved.
  [[nodiscard]] Point inside(std::uint64_t id, double epsilon, const Point& x) const {
    Rng rng(1, id, "norm-test-inside");
    Point far = x;
    const double sparse = rng.unit();
    for (float& value : far) {
      if (rng.unit() > sparse) value = rng.uniform(kBox.lower, kBox.upper);
    }
    // The best corners of the ball in l1 and l0 move one feature alone.
    if (id % 3 == 0) {
      far = x;
      far[id / 3 % kFeatures] = id % 2 == 0 ? kBox.lower : kBox.upper;
    }
    double low = 0.0;
    double high = 1.0;
    Point at = far;
    for (int k = 0; k < 40 && norm_.distance(x, at) > epsilon; ++k) {
      const double share = 0.5 * (low + high);
      for (std::size_t d = 0; d < x.size(); ++d) {
        at[d] = static_cast<float>(double{x[d]} + share * (double{far[d]} - double{x[d]}));
      }
      (norm_.distance(x, at) > epsilon ? high : low) = share;
    }
    if (norm_.distance(x, at) > epsilon) return x;
    return at;
  }
};

class NormWithABall : public EveryNorm {};
class NormWithABoxedStep : public EveryNorm {};
class NormWithFusedSteps : public EveryNorm {};

TEST_P(EveryNorm, DistanceIsOneOfTheMathematicalKind) {
  for (std::uint64_t k = 0; k < kTrials; ++k) {
    const Point a = random(k, "a", -1.0F, 1.0F);
    const Point b = random(k, "b", -1.0F, 1.0F);
    const Point c = random(k, "c", -1.0F, 1.0F);
    const double ab = norm_.distance(a, b);
    EXPECT_EQ(norm_.distance(a, a), 0.0);
    EXPECT_GT(ab, 0.0);
    EXPECT_EQ(norm_.distance(b, a), ab);
    EXPECT_LE(ab, (norm_.distance(a, c) + norm_.distance(c, b)) * (1.0 + 1e-12));
    EXPECT_TRUE(!norm_.counts || ab == std::floor(ab)) << "a count is whole";
  }
}

TEST_P(NormWithABall, TheSteepestStepGainsTheDualLengthAndNoOtherGainsMore) {
  const Point zero(kFeatures);
  for (std::uint64_t k = 0; k < kTrials; ++k) {
    const Point gradient = random(k, "gradient", -2.0F, 2.0F);
    const double dual = norm_.dual_length(gradient);
    Point step = zero;
    norm_.steepest_step(gradient, 0.5, step);
    EXPECT_NEAR(norm_.distance(zero, step), 0.5, 1e-6);
    EXPECT_NEAR(slope_along(gradient, zero, step), 0.5 * dual, 1e-6 * dual);
    const Point other = random(k, "other", -1.0F, 1.0F);
    EXPECT_LE(slope_along(gradient, zero, other), dual * norm_.distance(zero, other) * (1 + 1e-12));
  }
}

TEST_P(EveryNorm, NoGradientNoStep) {
  Point candidate = random(0, "a", -1.0F, 1.0F);
  const Point before = candidate;
  norm_.steepest_step(Point(kFeatures), 1.0, candidate);
  EXPECT_EQ(candidate, before);
}

TEST_P(EveryNorm, ProjectionLandsInsideAndStaysThere) {
  for (const double epsilon : budgets()) {
    for (std::uint64_t k = 0; k < kTrials; ++k) {
      const Point x = random(k, "x", kBox.lower, kBox.upper);
      Point candidate = random(k, "far", -1.0F, 2.0F);
      norm_.project(epsilon, kBox, x, candidate);
      EXPECT_LE(norm_.distance(x, candidate), reach(epsilon));
      for (const float value : candidate) EXPECT_TRUE(kBox.contains(value));
      Point own = inside(k, epsilon, x);
      const Point before = own;
      norm_.project(epsilon, kBox, x, own);
      EXPECT_LE(euclidean(own, before), 1e-6) << "a point inside is its own projection";
    }
  }
}

/// Of the ball; what the box cuts off of an l2 ball is left to clipping.
TEST_P(EveryNorm, NoPointOfTheBallIsNearerThanTheProjection) {
  const Box wide{-100.0F, 100.0F};
  for (const double epsilon : budgets()) {
    for (std::uint64_t k = 0; k < kTrials; ++k) {
      const Point x = random(k, "x", kBox.lower, kBox.upper);
      const Point far = random(k, "far", -1.0F, 2.0F);
      Point candidate = far;
      norm_.project(epsilon, wide, x, candidate);
      const double nearest = euclidean(far, candidate);
      for (std::uint64_t other = 0; other < 20; ++other) {
        EXPECT_GE(euclidean(far, inside(20 * k + other, epsilon, x)), nearest - 1e-6);
      }
    }
  }
}

TEST_P(NormWithABoxedStep, NoPointOfBallAndBoxBeatsIt) {
  for (const double epsilon : budgets()) {
    for (std::uint64_t k = 0; k < kTrials; ++k) {
      const Point x = random(k, "x", kBox.lower, kBox.upper);
      const Point gradient = random(k, "gradient", -2.0F, 2.0F);
      for (const double direction : {1.0, -1.0}) {
        Point candidate = x;
        norm_.boxed_step(epsilon, kBox, x, gradient, direction, candidate);
        EXPECT_LE(norm_.distance(x, candidate), reach(epsilon));
        for (const float value : candidate) EXPECT_TRUE(kBox.contains(value));
        const double gain = direction * slope_along(gradient, x, candidate);
        for (std::uint64_t other = 0; other < 20; ++other) {
          const Point point = inside(20 * k + other, epsilon, x);
          EXPECT_LE(direction * slope_along(gradient, x, point), gain + 1e-5);
        }
      }
    }
  }
}

TEST_P(NormWithFusedSteps, TheyAreStepAndProjection) {
  for (const double epsilon : budgets()) {
    for (std::uint64_t k = 0; k < kTrials; ++k) {
      const Point x = random(k, "x", kBox.lower, kBox.upper);
      const Point gradient = random(k, "gradient", -2.0F, 2.0F);
      Point wanted = inside(k, epsilon, x);
      Point got = wanted;
      norm_.steepest_step(gradient, 0.5 * epsilon, wanted);
      norm_.project(epsilon, kBox, x, wanted);
      norm_.ascend(epsilon, kBox, x, gradient, 0.5 * epsilon, got);
      EXPECT_EQ(got, wanted);
      wanted = x;
      norm_.ascend(epsilon, kBox, x, gradient, 0.5 * epsilon, wanted);
      norm_.ascend_from_origin(epsilon, kBox, x, gradient, 0.5 * epsilon, got);
      EXPECT_EQ(got, wanted);
    }
  }
}

TEST_P(EveryNorm, OppositeCornersAreTheDiameterApartAndNothingIsFarther) {
  for (const float side : {0.5F, 1.0F, 2.0F}) {
    const double diameter = norm_.diameter(double{side}, kFeatures);
    EXPECT_NEAR(norm_.distance(Point(kFeatures), Point(kFeatures, side)), diameter, 1e-12);
    for (std::uint64_t k = 0; k < kTrials; ++k) {
      EXPECT_LE(norm_.distance(random(k, "a", 0.0F, side), random(k, "b", 0.0F, side)), diameter);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Norms, EveryNorm, testing::ValuesIn(norms().begin(), norms().end()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(NormWithABall, TheLengthOfAMoveIsHowFarItGoes) {
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    const Point x = random(trial, "x", 0.0F, 1.0F);
    const Point y = random(trial, "y", 0.0F, 1.0F);
    std::vector<double> move;
    for (std::size_t d = 0; d < x.size(); ++d) move.push_back(double{y[d]} - double{x[d]});
    const double far = norm_.distance(x, y);
    EXPECT_NEAR(norm_.length(move), far, 1e-12 * far);
  }
}

// An even draw is within epsilon · r with probability r^D.
TEST_P(NormWithABall, NoiseFillsTheBall) {
  constexpr double kEpsilon = 0.5;
  constexpr std::uint64_t kDraws = 4000;
  Rng rng(0, 0, "ball noise");
  std::size_t within = 0;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    const Point x(kFeatures, 0.0F);
    Point y = x;
    norm_.ball_noise(kEpsilon, rng, y);
    const double far = norm_.distance(x, y);
    EXPECT_LE(far, kEpsilon * (1.0 + 1e-6));
    within += far <= 0.9 * kEpsilon ? 1U : 0U;
  }
  const double share = std::pow(0.9, double{kFeatures});
  const double deviation = std::sqrt(share * (1.0 - share) / double{kDraws});
  EXPECT_NEAR(static_cast<double>(within) / double{kDraws}, share, 4.0 * deviation);
}

TEST_P(EveryNorm, UsualBudgetsRise) {
  ASSERT_GE(norm_.usual_budgets.size(), 2U);
  EXPECT_GT(norm_.usual_budgets.front(), 0.0);
  EXPECT_EQ(std::ranges::adjacent_find(norm_.usual_budgets, std::greater_equal<>()),
            norm_.usual_budgets.end());
  for (const double budget : norm_.usual_budgets) {
    if (norm_.counts) {
      EXPECT_EQ(budget, std::floor(budget));
    }
  }
}

/// The norms that have something.
template <class Has>
auto those_with(Has has) {
  std::vector<NormInfo> some;
  std::ranges::copy_if(norms(), std::back_inserter(some), has);
  return testing::ValuesIn(some);
}
constexpr auto name_of_norm = [](const auto& one) { return std::string(one.param.name); };

// A count has no ball of directions.
INSTANTIATE_TEST_SUITE_P(Norms, NormWithABall,
                         those_with([](const NormInfo& norm) { return !norm.counts; }),
                         name_of_norm);
INSTANTIATE_TEST_SUITE_P(Norms, NormWithABoxedStep, those_with([](const NormInfo& norm) {
                           return norm.boxed_step != nullptr;
                         }),
                         name_of_norm);
INSTANTIATE_TEST_SUITE_P(Norms, NormWithFusedSteps,
                         those_with([](const NormInfo& norm) { return norm.ascend != nullptr; }),
                         name_of_norm);

TEST(Norms, AreInTheOrderOfTheEnum) {
  ASSERT_EQ(norms().size(), kNorms.size());
  for (std::size_t k = 0; k < kNorms.size(); ++k) {
    EXPECT_EQ(norms()[k].norm, kNorms[k]);
    EXPECT_EQ(&info_of(kNorms[k]), &norms()[k]);
    EXPECT_EQ(static_cast<std::size_t>(kNorms[k]), k);
  }
}

TEST(Norms, AreFoundByName) {
  for (const NormInfo& norm : norms()) {
    EXPECT_EQ(find_norm(norm.name), norm.norm);
    EXPECT_EQ(to_string(norm.norm), norm.name);
    EXPECT_EQ(known_norm(norm.name), &norm);
  }
  EXPECT_THROW(static_cast<void>(find_norm("l3")), Error);
  EXPECT_EQ(known_norm("l3"), nullptr);
}

TEST(Norms, AreListedForPeople) {
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed(std::array{Norm::kL2}), "l2");
  EXPECT_EQ(listed(std::array{Norm::kLinf, Norm::kL2}), "linf or l2");
  EXPECT_EQ(listed(std::array{Norm::kLinf, Norm::kL2, Norm::kL1}, "and"), "linf, l2 and l1");
}

TEST(Norms, HaveANumberEach) {
  PerNorm numbers;
  for (const Norm norm : kNorms) numbers[norm] = 1.0 + static_cast<double>(norm);
  for (std::size_t k = 0; k < kStoredNorms.size(); ++k) {
    EXPECT_EQ(numbers.values[k], 1.0 + static_cast<double>(kStoredNorms[k]));
  }
}

}  // namespace
}  // namespace gibbon
