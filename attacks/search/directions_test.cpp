// SPDX-License-Identifier: MIT
#include "attacks/search/directions.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace gibbon::attacks::search {
namespace {

constexpr std::size_t kCount = 200000;

std::vector<float> normals(std::size_t count, std::uint64_t id = 0) {
  Rng rng(1, id, "directions-test");
  std::vector<float> out(count);
  draw_normals(rng, out);
  return out;
}

/// P(Z <= z) of a standard normal.
double phi(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

/// Largest distance between the shares below and `wanted`: Kolmogorov and Smirnov's statistic,
/// which exceeds 2.2 / √n once in 8000 samples.
template <class Wanted>
double deviation(std::vector<float> values, Wanted wanted) {
  std::ranges::sort(values);
  double worst = 0.0;
  const auto n = static_cast<double>(values.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double want = wanted(double{values[k]});
    worst = std::max({worst, std::abs(static_cast<double>(k) / n - want),
                      std::abs(static_cast<double>(k + 1) / n - want)});
  }
  return worst;
}

TEST(Normals, FollowTheBellCurve) {
  EXPECT_LT(deviation(normals(kCount), phi), 2.2 / std::sqrt(double{kCount}));
}

TEST(Normals, HaveTheirMomentsAndAreUncorrelated) {
  const std::vector<float> z = normals(kCount);
  double sum = 0.0;
  double squares = 0.0;
  double fourth = 0.0;
  double neighbours = 0.0;
  double branches = 0.0;  // the two of a pair
  for (std::size_t i = 0; i < kCount; ++i) {
    const double v{z[i]};
    sum += v;
    squares += v * v;
    fourth += v * v * v * v;
    neighbours += v * double{z[(i + 1) % kCount]};
    branches += v * double{z[(i + kCount / 2) % kCount]};
  }
  // Five deviations: 1, √2, √96 and 1 (each branch pair counts twice: √2) per √n.
  const double unit = 5.0 / std::sqrt(double{kCount});
  EXPECT_NEAR(sum / kCount, 0.0, unit);
  EXPECT_NEAR(squares / kCount, 1.0, 1.5 * unit);
  EXPECT_NEAR(fourth / kCount, 3.0, 9.8 * unit);
  EXPECT_NEAR(neighbours / kCount, 0.0, unit);
  EXPECT_NEAR(branches / kCount, 0.0, 1.5 * unit);
}

TEST(Normals, TailsAreThere) {
  const std::vector<float> z = normals(kCount);
  const auto beyond = std::ranges::count_if(z, [](float v) { return std::abs(v) > 3.0F; });
  EXPECT_NEAR(static_cast<double>(beyond), 540.0, 5 * 23.3);  // n · 0.0027
  for (const float v : z) ASSERT_LE(std::abs(v), 5.78F);
}

TEST(Normals, AnyLengthIsFilledAndAllDependOnTheKey) {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 12U, 33U, 784U}) {
    const std::vector<float> a = normals(count);
    const std::vector<float> b = normals(count, 1);
    for (std::size_t i = 0; i < count; ++i) EXPECT_NE(a[i], b[i]) << i << " of " << count;
    EXPECT_EQ(a, normals(count));
  }
}

// A vector body and a scalar tail must agree: entry i of a long and of a short row are the same
// pair's first branch.
TEST(Normals, BitsDoNotDependOnTheVectorWidth) {
  const std::vector<float> together = normals(2000);
  for (const std::size_t count : {2U, 6U, 30U, 62U, 126U}) {
    const std::vector<float> few = normals(count);
    for (std::size_t i = 0; i < count / 2; ++i) EXPECT_EQ(few[i], together[i]) << i;
  }
}

TEST(Even, IsEvenInItsRange) {
  Rng rng(2, 0, "directions-test");
  std::vector<float> values(kCount);
  draw_even(rng, values);
  for (const float v : values) ASSERT_TRUE(-1.0F <= v && v < 1.0F);
  EXPECT_LT(deviation(values, [](double v) { return 0.5 * (v + 1.0); }),
            2.2 / std::sqrt(double{kCount}));
}

}  // namespace
}  // namespace gibbon::attacks::search
