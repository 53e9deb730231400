// SPDX-License-Identifier: MIT
#include "eval/verify/leaf.hpp"

#include <chrono>
#include <cmath>

#include <gtest/gtest.h>

#include "base/parallel.hpp"
#include "base/rng.hpp"

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

/// Objectives and constraints with random slopes; half of the programs have a point that satisfies
/// all constraints.
struct RandomProgram {
  std::vector<Affine> objectives;
  std::vector<Affine> constraints;
  std::vector<double> lower;
  std::vector<double> upper;

  RandomProgram(std::size_t columns, std::size_t rows, std::uint64_t seed)
      : lower(columns, 0.0), upper(columns, 1.0) {
    Rng rng(seed, 0, "leaf-test");
    const double slack = seed % 2 == 0 ? 0.1 : -0.1;
    for (std::size_t k = 0; k < rows + 3; ++k) {
      Affine form{.constant = slack};
      for (std::size_t j = 0; j < columns; ++j) {
        form.slope.push_back(rng.unit() - 0.5);
        form.constant -= 0.5 * form.slope.back();  // the middle of the box has `slack`
      }
      (k < 3 ? objectives : constraints).push_back(std::move(form));
    }
  }
  [[nodiscard]] LeafSolution solve(const Deadline& deadline = {}) const {
    return solve_leaf(objectives, constraints, lower, upper, deadline);
  }
};

TEST(Leaf, ThreadsAndOrderChangeNoBit) {
  constexpr std::size_t kPrograms = 40;
  std::vector<RandomProgram> programs;
  std::vector<LeafSolution> alone;
  for (std::size_t k = 0; k < kPrograms; ++k) {
    programs.emplace_back(2 + k % 5, 5 + k, k);
    alone.push_back(programs.back().solve());
  }
  std::vector<LeafSolution> together(kPrograms);
  for_each_block(kPrograms, 4, [&](std::size_t, std::size_t k) {
    together[kPrograms - 1 - k] = programs[kPrograms - 1 - k].solve();
  });
  std::size_t feasible = 0;
  for (std::size_t k = 0; k < kPrograms; ++k) {
    EXPECT_TRUE(alone[k].solved) << k;
    EXPECT_EQ(alone[k].feasible, together[k].feasible) << k;
    EXPECT_EQ(alone[k].value, together[k].value) << k;
    EXPECT_EQ(alone[k].point, together[k].point) << k;
    EXPECT_EQ(alone[k].weights, together[k].weights) << k;
    EXPECT_EQ(alone[k].multipliers, together[k].multipliers) << k;
    if (alone[k].feasible) ++feasible;
  }
  EXPECT_GT(feasible, kPrograms / 4);
  EXPECT_LT(feasible, kPrograms);
}

TEST(Leaf, PrintsNothing) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    static_cast<void>(RandomProgram(10, 20, seed).solve());
  }
  RandomProgram broken(2, 2, 0);
  broken.constraints[0].slope[0] = std::nan("");
  static_cast<void>(broken.solve());
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// The clock is looked at inside the program, too: a deadline ends it long before its end.
TEST(Leaf, EndsInTheMiddleOfAProgram) {
  const RandomProgram program(500, 400, 0);
  const auto seconds_of = [&](const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const double whole = seconds_of([&] { static_cast<void>(program.solve()); });
  const double part = seconds_of([&] {
    EXPECT_THROW(static_cast<void>(program.solve(Deadline::in(whole / 20.0))), TimeOver);
  });
  EXPECT_LT(part, whole / 2.0);
}

}  // namespace
}  // namespace gibbon::eval::verify
