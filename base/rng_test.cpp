// SPDX-License-Identifier: MIT
#include "base/rng.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace gibbon {
namespace {

std::vector<std::uint64_t> draws(Rng rng, std::size_t count = 1000) {
  std::vector<std::uint64_t> values(count);
  for (std::uint64_t& value : values) value = rng.bits();
  return values;
}

TEST(Rng, DependsOnItsThreeKeysOnly) {
  EXPECT_EQ(draws(Rng(1, 2, "a")), draws(Rng(1, 2, "a")));
  EXPECT_NE(draws(Rng(1, 2, "a")), draws(Rng(2, 2, "a")));
  EXPECT_NE(draws(Rng(1, 2, "a")), draws(Rng(1, 3, "a")));
  EXPECT_NE(draws(Rng(1, 2, "a")), draws(Rng(1, 2, "b")));
  EXPECT_NE(draws(Rng(1, 2, "a")), draws(Rng(2, 1, "a")));
}

// 40 streams of 1000 draws: by chance two of them share a 64-bit value once in 2 · 10^10 runs.
TEST(Rng, NeighboursAreNoShiftedCopies) {
  std::set<std::uint64_t> values;
  for (std::uint64_t id = 0; id < 10; ++id) {
    for (const std::uint64_t seed : {0U, 1U}) {
      for (const char* purpose : {"start", "restart"}) {
        for (const std::uint64_t value : draws(Rng(seed, id, purpose))) values.insert(value);
      }
    }
  }
  EXPECT_EQ(values.size(), 40000U);
}

// The first draws of neighbouring samples, seen as one sequence, are no less random.
TEST(Rng, FirstDrawsOfNeighboursAreIndependent) {
  constexpr std::size_t kIds = 4096;
  std::array<int, 64> ones{};
  for (std::uint64_t id = 0; id < kIds; ++id) {
    const std::uint64_t change = Rng(0, id, "x").bits() ^ Rng(0, id + 1, "x").bits();
    for (std::size_t bit = 0; bit < 64; ++bit) ones.at(bit) += static_cast<int>(change >> bit & 1U);
  }
  for (const int count : ones) EXPECT_NEAR(count, 2048, 5 * 32);  // five deviations of B(4096, 1/2)
}

TEST(Rng, BelowIsUniform) {
  Rng rng(3, 0, "below");
  std::map<std::uint64_t, int> counts;
  for (int n = 0; n < 70000; ++n) ++counts[rng.below(7)];
  ASSERT_EQ(counts.size(), 7U);
  EXPECT_EQ(counts.rbegin()->first, 6U);
  for (const auto& [value, count] : counts) EXPECT_NEAR(count, 10000, 5 * 93) << value;
  EXPECT_EQ(rng.below(1), 0U);
}

// With `bits() % count` for a count of 3/4 · 2^64, the lowest third would come twice as often.
TEST(Rng, BelowIsUniformForLargeCounts) {
  Rng rng(4, 0, "below");
  const std::uint64_t count = 3 * (std::uint64_t{1} << 62U);
  int lowest = 0;
  for (int n = 0; n < 30000; ++n) lowest += static_cast<int>(rng.below(count) < count / 3);
  EXPECT_NEAR(lowest, 10000, 5 * 82);
}

TEST(Rng, UnitAndUniformStayInTheirRange) {
  Rng rng(5, 0, "unit");
  double sum = 0.0;
  for (int n = 0; n < 10000; ++n) {
    const double unit = rng.unit();
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
    sum += unit;
    const float value = rng.uniform(-0.3F, 0.3F);
    EXPECT_GE(value, -0.3F);
    EXPECT_LE(value, 0.3F);
  }
  EXPECT_NEAR(sum / 10000.0, 0.5, 5 * 0.0029);
}

TEST(Rng, NormalAndExponentialHaveTheirMoments) {
  Rng rng(6, 0, "moments");
  double sum = 0.0;
  double squares = 0.0;
  double exponential = 0.0;
  constexpr int kCount = 40000;
  for (int n = 0; n < kCount; ++n) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
    exponential += rng.exponential();
  }
  EXPECT_NEAR(sum / kCount, 0.0, 5 * 0.005);
  EXPECT_NEAR(squares / kCount, 1.0, 5 * 0.0071);
  EXPECT_NEAR(exponential / kCount, 1.0, 5 * 0.005);
}

TEST(Shuffle, EveryOrderIsEquallyLikely) {
  std::map<std::vector<int>, int> counts;
  for (std::uint64_t id = 0; id < 24000; ++id) {
    std::vector<int> items{0, 1, 2, 3};
    Rng rng(0, id, "shuffle");
    shuffle(items, rng);
    ++counts[items];
  }
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& entry : counts) EXPECT_NEAR(entry.second, 1000, 5 * 31);
}

}  // namespace
}  // namespace gibbon
