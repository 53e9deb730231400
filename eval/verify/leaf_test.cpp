#include "eval/verify/leaf.hpp"

#include <gtest/gtest.h>

namespace gibbon::eval::verify {
namespace {

// min x + y over [0, 1]^2 with x + 2 y >= 1: (0, 1/2), multiplier 1/2.
TEST(Leaf, FindsTheOptimumAndItsMultipliers) {
  const std::vector<Affine> objectives{{.slope = {1.0, 1.0}, .constant = 3.0}};
  const std::vector<Affine> constraints{{.slope = {1.0, 2.0}, .constant = -1.0}};
  const LeafSolution s = solve_leaf(objectives, constraints, std::vector<double>{0.0, 0.0},
                                    std::vector<double>{1.0, 1.0});
  ASSERT_TRUE(s.solved);
  ASSERT_TRUE(s.feasible);
  EXPECT_NEAR(s.value, 3.5, 1e-9);
  EXPECT_NEAR(s.point[0], 0.0, 1e-9);
  EXPECT_NEAR(s.point[1], 0.5, 1e-9);
  EXPECT_NEAR(s.multipliers[0], 0.5, 1e-9);
  EXPECT_NEAR(s.weights[0], 1.0, 1e-9);
}

// The larger of x and 1 - x is least in the middle, where both weigh the same.
TEST(Leaf, WeighsSeveralObjectives) {
  const std::vector<Affine> objectives{{.slope = {1.0}}, {.slope = {-1.0}, .constant = 1.0}};
  const LeafSolution s =
      solve_leaf(objectives, {}, std::vector<double>{0.0}, std::vector<double>{1.0});
  ASSERT_TRUE(s.feasible);
  EXPECT_NEAR(s.value, 0.5, 1e-9);
  EXPECT_NEAR(s.weights[0], 0.5, 1e-9);
  EXPECT_NEAR(s.weights[1], 0.5, 1e-9);
}

// x >= 2/3 and x <= 1/3: multipliers whose sum of the constraints is negative everywhere.
TEST(Leaf, ShowsThatNothingIsThere) {
  const std::vector<Affine> constraints{{.slope = {3.0}, .constant = -2.0},
                                        {.slope = {-3.0}, .constant = 1.0}};
  const LeafSolution s = solve_leaf(std::vector<Affine>{{.slope = {1.0}}}, constraints,
                                    std::vector<double>{0.0}, std::vector<double>{1.0});
  ASSERT_TRUE(s.solved);
  EXPECT_FALSE(s.feasible);
  for (const double x : {0.0, 0.3, 0.5, 1.0}) {
    const double sum = s.multipliers[0] * (3.0 * x - 2.0) + s.multipliers[1] * (1.0 - 3.0 * x);
    EXPECT_LT(sum, -1e-6) << x;
  }
}

TEST(Leaf, EndsWithTheDeadline) {
  const std::vector<Affine> objectives{{.slope = {1.0}}};
  EXPECT_THROW(static_cast<void>(solve_leaf(objectives, {}, std::vector<double>{0.0},
                                            std::vector<double>{1.0},
                                            Deadline{std::chrono::steady_clock::now()})),
               TimeOver);
}

}  // namespace
}  // namespace gibbon::eval::verify
