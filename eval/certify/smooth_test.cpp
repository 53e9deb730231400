// SPDX-License-Identifier: MIT
#include "eval/certify/smooth.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "eval/judge/comparer.hpp"

namespace gibbon::eval::certify {
namespace {

void unwatched(std::size_t /*done*/, std::size_t /*total*/) {}

/// Sample k is 0.5 ± k / 40.
datasets::Dataset pairs_to_smooth(std::size_t count = 12) {
  std::vector<std::array<float, 2>> values;
  for (std::size_t k = 0; k < count; ++k) {
    const float away = static_cast<float>(k) / 40.0F;
    values.push_back({0.5F + away, 0.5F - away});
  }
  return judge::pairs(values);
}

/// In l2. The comparer smoothed by any Gaussian is the same classifier.
double distance(std::size_t k) { return std::numbers::sqrt2 * static_cast<double>(k) / 40.0; }

TEST(Smooth, RadiiOfALinearModelAreBelowItsDistancesAndReachThem) {
  const datasets::Dataset data = pairs_to_smooth();
  double gap = 1.0;
  for (const std::size_t n : {1000U, 100000U}) {
    const SmoothResult result =
        smooth(judge::comparer(), data, {.sigma = 0.25, .n = n, .epsilons = {0.1}, .threads = 2},
               unwatched);
    double widest = 0.0;
    for (std::size_t k = 0; k < data.size(); ++k) {
      const reports::record::SmoothedSample& sample = result.samples[k];
      // Φ(distance / σ) is the true probability. 12 samples, each wrong in 1 of 1000 seeds.
      EXPECT_LE(sample.radius, distance(k)) << k;
      if (k >= 4) widest = std::max(widest, distance(k) - sample.radius);
      EXPECT_EQ(sample.predicted < 0, sample.radius == 0.0);
    }
    EXPECT_LT(widest, 0.5 * gap) << n;
    gap = widest;
  }
  EXPECT_LT(gap, 0.02);
}

TEST(Smooth, AbstainsWhereTheTopClassIsNotClear) {
  datasets::Dataset data = pairs_to_smooth(2);
  data.labels = {0, 1};  // the first is on the border; the second is right as 0
  const SmoothResult result =
      smooth(judge::comparer(), data, {.n = 10000, .epsilons = {0.0, 0.01}}, unwatched);
  EXPECT_EQ(result.samples[0].predicted, -1);
  EXPECT_EQ(result.samples[0].radius, 0.0);
  EXPECT_EQ(result.samples[1].predicted, 0);
  EXPECT_GT(result.samples[1].radius, 0.01);
  EXPECT_EQ(result.curve[0].certified, 0U) << "abstained, and wrong";
  EXPECT_EQ(result.curve[1].n, 2U);
}

TEST(Smooth, DependsOnSeedAndSampleNotOnThreadsOrCompany) {
  const datasets::Dataset data = pairs_to_smooth();
  const auto hits = [&](const datasets::Dataset& some, std::size_t threads, std::uint64_t seed) {
    std::vector<std::uint64_t> out;
    for (const auto& sample :
         smooth(judge::comparer(), some,
                {.n = 5003, .epsilons = {0.1}, .seed = seed, .threads = threads}, unwatched)
             .samples) {
      out.push_back(sample.hits);
    }
    return out;
  };
  const auto all = hits(data, 1, 1);
  EXPECT_EQ(hits(data, 3, 1), all);
  EXPECT_NE(hits(data, 1, 2), all);
  datasets::Dataset one = data;
  one.images = Tensor(1, 2);
  std::ranges::copy(data.images.row(5), one.images.row(0).begin());
  one.ids = {data.ids[5]};
  one.labels = {0};
  EXPECT_EQ(hits(one, 1, 1).front(), all[5]);
}

/// Clopper & Pearson: p with P(X >= k) = α. All of n: α^(1/n). Half of 10 at 5 %, one-sided, as in
/// tables: 0.2224; 9 of 10: 0.6058.
TEST(Smooth, ProbabilityIsClopperPearsons) {
  EXPECT_NEAR(probability_at_least(100000, 100000, 0.001), std::pow(0.001, 1e-5), 1e-12);
  EXPECT_NEAR(probability_at_least(5, 10, 0.05), 0.2224, 5e-5);
  EXPECT_NEAR(probability_at_least(9, 10, 0.05), 0.6058, 5e-5);
  EXPECT_EQ(probability_at_least(0, 10, 0.05), 0.0);
}

TEST(Smooth, RadiusIsSigmaTimesTheQuantile) {
  EXPECT_EQ(smoothed_radius(0.5, 0.5), 0.0);
  EXPECT_EQ(smoothed_radius(0.5, 0.2), 0.0);
  EXPECT_NEAR(smoothed_radius(0.5, 0.975), 0.5 * 1.959963985, 1e-9);
}

}  // namespace
}  // namespace gibbon::eval::certify
