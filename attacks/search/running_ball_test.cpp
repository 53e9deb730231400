// SPDX-License-Identifier: MIT
// The fast moves against plain ones: project(), which sorts, in a box so wide that it plays no
// part, and a sort by size for l0.

#include "attacks/search/running_ball.hpp"

#include <numeric>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace gibbon::attacks::search {
namespace {

using Point = std::vector<float>;

constexpr Box kWide{-100.0F, 100.0F};

struct Case {
  Norm norm;
  std::size_t size;
  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << to_string(c.norm) << '_' << c.size;
  }
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const Norm norm : kNorms) {
    for (const std::size_t size : {1U, 2U, 15U, 16U, 17U, 131U, 784U}) out.push_back({norm, size});
  }
  return out;
}

class RunningBall : public testing::TestWithParam<Case> {
 protected:
  RunningBall() {
    Rng rng(5, GetParam().size, "running-ball-test");
    for (std::size_t d = 0; d < GetParam().size; ++d) {
      x_.push_back(rng.uniform(0.0F, 1.0F));
      start_.push_back(x_.back() + rng.uniform(-0.1F, 0.1F));
      gradient_.push_back(static_cast<float>(rng.normal()));
    }
  }

  Point moved(double epsilon, Box box) const {
    Workspace work;
    const MoveScratch scratch(work, x_.size());
    Point out = start_;
    move_in_ball({GetParam().norm, epsilon, box}, x_, gradient_, kStep, scratch, out);
    return out;
  }

  static constexpr double kStep = 0.25;
  Point x_;
  Point start_;
  Point gradient_;
};

TEST_P(RunningBall, IsTheStepAndTheProjectionOnTheBall) {
  const Norm norm = GetParam().norm;
  const auto size = static_cast<double>(x_.size());
  for (const double share : {0.001, 0.1, 0.5, 10.0}) {
    const double epsilon =
        norm == Norm::kL0 ? std::clamp(std::floor(share * size), 1.0, size) : share;
    Point wanted = start_;
    for (std::size_t d = 0; d < x_.size(); ++d) {
      wanted[d] = static_cast<float>(double{start_[d]} + kStep * double{gradient_[d]});
    }
    project({norm, epsilon, kWide}, x_, wanted);
    const Point got = moved(epsilon, kWide);
    // Numbers up to 4, one rounding to float32 here and there: a few units of 2^-22.
    for (std::size_t d = 0; d < x_.size(); ++d) EXPECT_NEAR(got[d], wanted[d], 2e-6) << share;
    EXPECT_LE(distance(norm, x_, got), epsilon * (1.0 + 1e-6) + 1e-6);
    if (norm == Norm::kL0) {
      EXPECT_EQ(distance(norm, x_, got), epsilon);
    }
  }
}

TEST_P(RunningBall, EndsInTheBox) {
  const Box box{0.0F, 1.0F};
  const Point got = moved(GetParam().norm == Norm::kL0 ? 1.0 : 10.0, box);
  for (const float value : got) EXPECT_TRUE(box.contains(value));
}

INSTANTIATE_TEST_SUITE_P(Every, RunningBall, testing::ValuesIn(cases()),
                         testing::PrintToStringParamName());

TEST(RunningBallL0, AmongEqualChangesTheFirstStay) {
  Workspace work;
  const MoveScratch scratch(work, 5);
  Point point(5, 0.5F);
  const Point gradient{1.0F, -2.0F, 1.0F, -1.0F, 1.0F};
  move_in_ball({Norm::kL0, 3.0, kWide}, Point(5, 0.5F), gradient, 0.25, scratch, point);
  EXPECT_EQ(point, (Point{0.75F, 0.0F, 0.75F, 0.5F, 0.5F}));
}

TEST(MoveAndScale, ReachesTheGivenLength) {
  const Point x{0.5F, 0.5F};
  Point point{0.6F, 0.5F};
  const Point gradient{0.0F, 1.0F};
  const double length = moved_length(x, point, gradient, 0.1);
  EXPECT_NEAR(length, std::sqrt(0.02), 1e-7);
  move_and_scale(x, gradient, 0.1, 0.2 / length, {0.0F, 0.6F}, point);
  EXPECT_NEAR(point[0], 0.6, 1e-7);  // 0.5 + 0.2 / √2 is outside the box
  EXPECT_NEAR(point[1], 0.6, 1e-7);
}

}  // namespace
}  // namespace gibbon::attacks::search
