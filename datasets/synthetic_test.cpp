// SPDX-License-Identifier: MIT
#include <cmath>
#include <gmock/gmock.h>
#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::datasets {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// A set, the number of its classes, and the hashes of its splits: they change when the points do,
/// and then no published number about the set can be compared any more.
struct Case {
  std::string name;
  std::size_t classes;
  std::string train;
  std::string test;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class Synthetic : public testing::TestWithParam<Case> {};

TEST_P(Synthetic, HasTheAnnouncedForm) {
  for (const bool train : {true, false}) {
    const Dataset set = load(GetParam().name, {.split = train ? "train" : "test"});
    ASSERT_EQ(set.size(), train ? 1000U : 500U);
    EXPECT_EQ(set.shape, (Shape{1, 2, 1, false}));
    EXPECT_EQ(set.images.cols(), 2U);
    EXPECT_EQ(set.class_names.size(), GetParam().classes);
    for (std::size_t n = 0; n < set.size(); ++n) {
      EXPECT_EQ(static_cast<std::size_t>(set.labels[n]), n % GetParam().classes);
      EXPECT_EQ(set.ids[n], n);
      for (const float value : set.images.row(n)) EXPECT_TRUE(set.range.contains(value));
    }
  }
}

TEST_P(Synthetic, IsTheSameEverywhere) {
  EXPECT_EQ(load(GetParam().name, {.split = "train"}).sha256, GetParam().train);
  EXPECT_EQ(load(GetParam().name, {.split = "test"}).sha256, GetParam().test);
}

TEST_P(Synthetic, SharesNoPointBetweenSplits) {
  const Dataset train = load(GetParam().name, {.split = "train"});
  const Dataset test = load(GetParam().name, {.split = "test"});
  std::set<std::pair<float, float>> points;
  for (const Dataset* set : {&train, &test}) {
    for (std::size_t n = 0; n < set->size(); ++n) {
      points.emplace(set->images.row(n)[0], set->images.row(n)[1]);
    }
  }
  EXPECT_EQ(points.size(), 1500U);
}

TEST_P(Synthetic, RefusesOtherSplits) {
  EXPECT_THAT([] { (void)load(GetParam().name, {.split = "tests"}); },
              ThrowsMessage<Error>(HasSubstr("unknown split 'tests'; did you mean 'test'?")));
}

INSTANTIATE_TEST_SUITE_P(
    All, Synthetic,
    testing::Values(
        Case{"blobs", 3, "d405c12163c460cb6f0ec037d9f10761ae356a22a93222716fe55cdc45f940e3",
             "bf9dc6f97088b8fb4fe769f48258179aa8fc682d0ccf0bfbaa73da9d07304b97"},
        Case{"circles", 2, "88af959eae1118477147163e07cfe6fc392d6f814bd145b7cd98649452a91645",
             "700f1409a123eed76ddbd0e197b183d6c012e37416aed2c48330f341dac808ca"},
        Case{"moons", 2, "cbf8ddacb7f22054ba1cef9e8f50469b5fbfc5eb67d75589013b4afc58a0bf04",
             "71701a0c23cfa3a170882a99f45f3395bcd569143b8a072ad95785dff04753b0"}),
    [](const auto& instance) { return instance.param.name; });

TEST(Circles, LieAroundTheCentre) {
  const Dataset set = load("circles", {.split = "train"});
  std::size_t quadrants[4] = {};
  for (std::size_t n = 0; n < set.size(); ++n) {
    const double x = double{set.images.row(n)[0]} - 0.5;
    const double y = double{set.images.row(n)[1]} - 0.5;
    EXPECT_NEAR(std::hypot(x, y), set.labels[n] == 0 ? 0.4 : 0.2, 0.13);  // five deviations
    ++quadrants[(x > 0 ? 1 : 0) + (y > 0 ? 2 : 0)];
  }
  for (const std::size_t count : quadrants) EXPECT_NEAR(static_cast<double>(count), 250.0, 55.0);
}

TEST(Blobs, HaveTheirCentresAndDeviation) {
  const Dataset set = load("blobs", {.split = "train"});
  const std::vector<std::pair<double, double>> centres{{0.25, 0.30}, {0.75, 0.30}, {0.50, 0.75}};
  for (std::size_t c = 0; c < 3; ++c) {
    double x = 0.0;
    double y = 0.0;
    double square = 0.0;
    double count = 0.0;
    for (std::size_t n = c; n < set.size(); n += 3) {
      const double dx = double{set.images.row(n)[0]} - centres[c].first;
      const double dy = double{set.images.row(n)[1]} - centres[c].second;
      x += dx;
      y += dy;
      square += dx * dx + dy * dy;
      ++count;
    }
    EXPECT_NEAR(x / count, 0.0, 0.014);  // 0.06 / sqrt(333) = 0.0033, four of them
    EXPECT_NEAR(y / count, 0.0, 0.014);
    EXPECT_NEAR(std::sqrt(square / (2.0 * count)), 0.06, 0.007);
  }
}

TEST(Moons, FollowTheirArcsAndInterleave) {
  const Dataset set = load("moons", {.split = "train"});
  std::size_t inside = 0;  // points whose x lies within both arcs
  for (std::size_t n = 0; n < set.size(); ++n) {
    const double side = set.labels[n] == 0 ? 1.0 : -1.0;
    const double x =
        double{set.images.row(n)[0]} - (0.5 - side * 0.13);  // from the centre of the arc
    const double y = double{set.images.row(n)[1]} - (0.5 - side * 0.065);
    EXPECT_NEAR(std::hypot(x, y), 0.26, 0.13);
    EXPECT_GT(side * y, -0.13);  // one half of the circle only, five deviations of noise
    if (std::abs(double{set.images.row(n)[0]} - 0.5) < 0.13) ++inside;
  }
  EXPECT_GT(inside, 300U);
}

}  // namespace
}  // namespace gibbon::datasets
