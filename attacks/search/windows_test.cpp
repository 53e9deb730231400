// SPDX-License-Identifier: MIT
#include "attacks/search/windows.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace gibbon::attacks::search {
namespace {

TEST(Windows, RectanglesTouchEveryPixelInOneGroupPerChannel) {
  Workspace work;
  const datasets::Shape shape{6, 9, 3, true};
  Windows windows(shape, shape.size(), work);
  ASSERT_TRUE(windows.picture());
  ASSERT_EQ(windows.groups(), 3U);
  windows.resize(0.25, Windows::Sides::kAny);  // half of either side: 3 × round(4.5)
  EXPECT_EQ(windows.count(), 3U * 5U);
  Rng rng(1, 0, "windows-test");
  std::set<std::uint32_t> corners;
  std::set<std::uint32_t> seen;
  for (int k = 0; k < 2000; ++k) {
    windows.draw(rng);
    for (std::size_t g = 0; g < 3; ++g) {
      const auto group = windows.group(g);
      const std::uint32_t first = group.front();
      EXPECT_EQ(first % 3, g);
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(group[i * 5 + j], first + 27 * i + 3 * j);
      }
      seen.insert(group.begin(), group.end());
    }
    corners.insert(windows.group(0).front());
  }
  EXPECT_EQ(seen.size(), shape.size()) << "the last row and column, too";
  EXPECT_EQ(corners.size(), 4U * 5U);
}

TEST(Windows, SidesAreRoundedAndOddFromThreeIfWanted) {
  Workspace work;
  const datasets::Shape shape{28, 28, 1, true};
  Windows windows(shape, 784, work);
  const auto counts = [&](Windows::Sides sides) {
    std::vector<std::size_t> out;
    for (const double p : {1.0, 0.8, 0.1, 0.0125, 1e-4}) {
      windows.resize(p, sides);
      out.push_back(windows.count());
    }
    return out;
  };
  EXPECT_EQ(counts(Windows::Sides::kAny), (std::vector<std::size_t>{784, 625, 81, 9, 1}));
  EXPECT_EQ(counts(Windows::Sides::kOddFromThree), (std::vector<std::size_t>{729, 625, 81, 9, 9}));
}

TEST(Windows, TheSecondWindowCountsWithoutTheFirst) {
  Workspace work;
  for (const datasets::Shape& shape :
       {datasets::Shape{8, 7, 2, true}, datasets::Shape{1, 30, 1, false}}) {
    Windows windows(shape, shape.size(), work);
    windows.resize(0.3, Windows::Sides::kOddFromThree);
    Rng rng(2, 0, "windows-test");
    std::set<std::size_t> beyond;
    for (int k = 0; k < 500; ++k) {
      windows.draw_pair(rng);
      std::set<std::uint32_t> all;
      std::size_t count = 0;
      for (std::size_t g = 0; g < windows.groups(); ++g) {
        for (const auto& part : {windows.group(g), windows.others(g)}) {
          all.insert(part.begin(), part.end());
          count += part.size();
          for (const std::uint32_t d : part) {
            EXPECT_LT(d, shape.size());
            EXPECT_EQ(d % windows.groups(), g);
          }
        }
      }
      EXPECT_EQ(all.size(), count) << "no feature twice";
      beyond.insert(windows.others(0).size());
    }
    EXPECT_TRUE(beyond.contains(0));
    EXPECT_GT(*beyond.rbegin(), windows.count() / 2);
  }
}

TEST(Windows, WithoutAPictureAnySubset) {
  Workspace work;
  Windows windows({1, 10, 1, false}, 10, work);
  windows.resize(0.3, Windows::Sides::kAny);
  std::vector<int> seen(10);
  Rng rng(3, 0, "windows-test");
  for (int k = 0; k < 10000; ++k) {
    windows.draw(rng);
    ASSERT_EQ(windows.group(0).size(), 3U);
    for (const std::uint32_t d : windows.group(0)) ++seen[d];
  }
  // 3000 each, standard deviation 46.
  for (const int count : seen) EXPECT_NEAR(count, 3000, 200);
}

TEST(Windows, ADrawDependsOnItsGeneratorAlone) {
  Workspace work;
  Windows windows({1, 50, 1, false}, 50, work);
  windows.resize(0.2, Windows::Sides::kAny);
  Rng rng(4, 0, "windows-test");
  windows.draw(rng);
  const std::vector<std::uint32_t> first(windows.group(0).begin(), windows.group(0).end());
  windows.draw(rng);
  Rng again(4, 0, "windows-test");
  windows.draw(again);
  EXPECT_TRUE(std::ranges::equal(windows.group(0), first));
}

// 5 × 5: two rows of +, three of -; the middle of the upper half is (1, 2), that of the lower
// (3, 2): K = 3 rings, weights 1 + 1/4 + 1/9, 1/4 + 1/9 and 1/9.
TEST(Windows, PyramidsOfTwoHalves) {
  Workspace work;
  Windows windows({5, 5, 1, true}, 25, work);
  windows.resize(5, 5);
  Rng rng(5, 0, "windows-test");
  bool stacked = false;
  bool abreast = false;
  for (int k = 0; k < 20; ++k) {
    const auto p = windows.pattern(rng);
    double squares = 0.0;
    for (const float value : p) squares += double{value} * double{value};
    EXPECT_NEAR(squares, 1.0, 1e-6);
    const auto at = [&](std::size_t i, std::size_t j) { return double{p[i * 5 + j]}; };
    (at(0, 4) > 0.0 ? stacked : abreast) = true;
    const bool turned = at(0, 4) < 0.0;
    const auto from = [&](std::size_t i, std::size_t j) { return turned ? at(j, i) : at(i, j); };
    EXPECT_NEAR(from(1, 1) / from(1, 2), (1.0 / 4 + 1.0 / 9) / (1.0 + 1.0 / 4 + 1.0 / 9), 1e-6);
    EXPECT_NEAR(from(3, 0) / from(3, 2), (1.0 / 9) / (1.0 + 1.0 / 4 + 1.0 / 9), 1e-6);
    EXPECT_GT(from(1, 4), 0.0);
    EXPECT_LT(from(2, 4), 0.0);
  }
  EXPECT_TRUE(stacked && abreast);
}

}  // namespace
}  // namespace gibbon::attacks::search
