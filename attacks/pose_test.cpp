// SPDX-License-Identifier: MIT
#include "attacks/pose.hpp"

#include <cmath>
#include <numbers>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

namespace gibbon::attacks {
namespace {

std::vector<float> noise(std::size_t count) {
  Rng rng(5, 0, "pose-test");
  std::vector<float> out(count);
  for (float& value : out) value = rng.uniform(0.0F, 1.0F);
  return out;
}

std::vector<float> posed(const datasets::Shape& shape, Row x, const Pose& pose, Box range = {}) {
  std::vector<float> out(x.size(), -7.0F);
  put(shape, range, x, pose, out);
  return out;
}

/// out[r, c] = x[from(r, c)], `outside` where that lies outside.
template <class From>
std::vector<float> moved(const datasets::Shape& shape, Row x, const From& from,
                         float outside = 0.0F) {
  std::vector<float> out(x.size(), outside);
  for (std::size_t r = 0; r < shape.height; ++r) {
    for (std::size_t c = 0; c < shape.width; ++c) {
      const auto [row, column] = from(static_cast<int>(r), static_cast<int>(c));
      if (row < 0 || column < 0 || row >= static_cast<int>(shape.height) ||
          column >= static_cast<int>(shape.width)) {
        continue;
      }
      for (std::size_t k = 0; k < shape.channels; ++k) {
        out[(r * shape.width + c) * shape.channels + k] =
            x[(static_cast<std::size_t>(row) * shape.width + static_cast<std::size_t>(column)) *
                  shape.channels +
              k];
      }
    }
  }
  return out;
}

constexpr datasets::Shape kSquare{7, 7, 3, true};
constexpr datasets::Shape kEven{28, 28, 1, true};
constexpr datasets::Shape kWide{5, 8, 3, true};

TEST(Pose, NoMotionGivesTheSameBits) {
  for (const datasets::Shape& shape : {kSquare, kEven, kWide}) {
    const std::vector<float> x = noise(shape.size());
    EXPECT_EQ(posed(shape, x, {}), x);
    EXPECT_EQ(posed(shape, x, {.degrees = 360.0}), x);
  }
}

TEST(Pose, WholePixelsShiftExactly) {
  const std::vector<float> x = noise(kWide.size());
  EXPECT_EQ(posed(kWide, x, {.down = 2.0, .right = -3.0}),
            moved(kWide, x, [](int r, int c) { return std::pair(r - 2, c + 3); }));
  // What comes in is the darkest value of the range.
  EXPECT_EQ(posed(kWide, x, {.down = -1.0}, {.lower = -0.5F, .upper = 1.0F}),
            moved(
                kWide, x, [](int r, int c) { return std::pair(r + 1, c); }, -0.5F));
}

TEST(Pose, RightAnglesTurnExactlyAndCounterClockwise) {
  for (const datasets::Shape& shape : {kSquare, kEven}) {
    const std::vector<float> x = noise(shape.size());
    const int last = static_cast<int>(shape.width) - 1;
    // numpy.rot90(x)[r, c] = x[c, last - r]
    const auto left = [&](int r, int c) { return std::pair(c, last - r); };
    EXPECT_EQ(posed(shape, x, {.degrees = 90.0}), moved(shape, x, left));
    EXPECT_EQ(posed(shape, x, {.degrees = -270.0}), moved(shape, x, left));
    EXPECT_EQ(posed(shape, x, {.degrees = -90.0}),
              moved(shape, x, [&](int r, int c) { return std::pair(last - c, r); }));
  }
  const std::vector<float> x = noise(kWide.size());
  EXPECT_EQ(posed(kWide, x, {.degrees = 180.0}),
            moved(kWide, x, [](int r, int c) { return std::pair(4 - r, 7 - c); }));
}

/// The definition, pixel by pixel: every input pixel spreads as a tent of one pixel's width around
/// the place from where the output pixel comes.
std::vector<float> by_definition(const datasets::Shape& shape, Row x, const Pose& pose) {
  std::vector<float> out;
  const double angle = pose.degrees * std::numbers::pi / 180.0;
  const double cy = (static_cast<double>(shape.height) - 1.0) / 2.0;
  const double cx = (static_cast<double>(shape.width) - 1.0) / 2.0;
  for (std::size_t r = 0; r < shape.height; ++r) {
    for (std::size_t c = 0; c < shape.width; ++c) {
      // x to the right, y upwards, turned clockwise to go back.
      const double px = static_cast<double>(c) - pose.right - cx;
      const double py = cy - (static_cast<double>(r) - pose.down);
      const double fx = std::cos(-angle) * px - std::sin(-angle) * py;
      const double fy = std::sin(-angle) * px + std::cos(-angle) * py;
      for (std::size_t k = 0; k < shape.channels; ++k) {
        double sum = 0.0;
        for (std::size_t i = 0; i < shape.height; ++i) {
          for (std::size_t j = 0; j < shape.width; ++j) {
            const double dy = std::abs(cy - fy - static_cast<double>(i));
            const double dx = std::abs(cx + fx - static_cast<double>(j));
            sum += std::max(0.0, 1.0 - dy) * std::max(0.0, 1.0 - dx) *
                   static_cast<double>(x[(i * shape.width + j) * shape.channels + k]);
          }
        }
        out.push_back(static_cast<float>(sum));
      }
    }
  }
  return out;
}

TEST(Pose, IsBilinearAsDefined) {
  Rng rng(6, 0, "pose-test");
  for (const datasets::Shape& shape : {kSquare, kEven, kWide}) {
    const std::vector<float> x = noise(shape.size());
    for (int k = 0; k < 4; ++k) {
      const Pose pose = random_pose({.most = {180.0, 3.0, 3.0}}, rng);
      const std::vector<float> found = posed(shape, x, pose);
      const std::vector<float> wanted = by_definition(shape, x, pose);
      for (std::size_t d = 0; d < x.size(); ++d) {
        EXPECT_NEAR(found[d], wanted[d], 2e-7F) << pose.degrees;  // one rounding to float32
      }
    }
  }
}

TEST(Pose, TheGridIsThePapers) {
  const PoseBox box{.most = {30.0, 3.0, 3.0}};
  const std::vector<Pose> grid = grid_of(box);
  EXPECT_EQ(grid.size(), 775U);
  std::set<std::tuple<double, double, double>> poses;
  std::set<double> angles;
  std::set<double> shifts;
  for (const Pose& pose : grid) {
    poses.emplace(pose.degrees, pose.down, pose.right);
    angles.insert(pose.degrees);
    shifts.insert(pose.down);
  }
  EXPECT_EQ(poses.size(), 775U);
  EXPECT_TRUE(poses.contains({0.0, 0.0, 0.0}));
  EXPECT_EQ(angles.size(), 31U);
  EXPECT_EQ(*angles.begin(), -30.0);
  EXPECT_EQ(*std::next(angles.begin()), -28.0);
  EXPECT_EQ(shifts, (std::set<double>{-3.0, -1.5, 0.0, 1.5, 3.0}));
  EXPECT_EQ(std::abs(grid.front().degrees), 30.0);
  EXPECT_EQ(grid.back(), Pose{}) << "no motion comes last";
  EXPECT_EQ(spacing_of(box), (Pose{2.0, 1.5, 1.5}));
}

TEST(Pose, OneValueOfAGridIsTheMiddle) {
  const PoseBox box{.most = {30.0, 3.0, 3.0}, .degrees = 1, .down = 2, .right = 1};
  EXPECT_EQ(grid_of(box), (std::vector<Pose>{{0.0, -3.0, 0.0}, {0.0, 3.0, 0.0}}));
  EXPECT_EQ(spacing_of(box), (Pose{30.0, 6.0, 3.0}));
  EXPECT_EQ(box.clamped({-31.0, 0.5, 9.0}), (Pose{-30.0, 0.5, 3.0}));
}

TEST(Pose, RandomOnesFillTheBox) {
  const PoseBox box{.most = {30.0, 3.0, 0.0}};
  Rng rng(7, 0, "pose-test");
  double square = 0.0;
  for (int k = 0; k < 3000; ++k) {
    const Pose pose = random_pose(box, rng);
    EXPECT_EQ(box.clamped(pose), pose);
    square += pose.degrees * pose.degrees / 3000.0;
  }
  // Of a uniform variable 30² / 3; its standard error over 3,000 draws is 4.9.
  EXPECT_NEAR(square, 300.0, 25.0);
}

}  // namespace
}  // namespace gibbon::attacks
