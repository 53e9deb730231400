// SPDX-License-Identifier: MIT
#include "reports/record/record.hpp"

#include <cmath>
#include <stdexcept>

#include <gtest/gtest.h>

namespace gibbon::reports::record {
namespace {

void expect_percent(std::uint64_t k, std::uint64_t n, double low, double high) {
  const Interval interval = wilson95(k, n);
  EXPECT_NEAR(100.0 * interval.low, low, 0.005) << k << "/" << n;
  EXPECT_NEAR(100.0 * interval.high, high, 0.005) << k << "/" << n;
}

// Reference values: the closed formula in 50 decimal digits.
TEST(Wilson95, HasThePublishedValues) {
  expect_percent(0, 100, 0.0, 3.70);
  expect_percent(50, 100, 40.38, 59.62);
  expect_percent(8850, 10000, 87.86, 89.11);
  expect_percent(100, 100, 96.30, 100.0);
}

TEST(Wilson95, IsExactAtTheEndsAndSymmetric) {
  for (const std::uint64_t n : {1ULL, 2ULL, 3ULL, 7ULL, 100ULL, 10000ULL, 1ULL << 40U}) {
    EXPECT_EQ(wilson95(0, n).low, 0.0) << n;
    EXPECT_EQ(wilson95(n, n).high, 1.0) << n;
    EXPECT_NEAR(wilson95(0, n).high, 1.0 - wilson95(n, n).low, 1e-15) << n;
  }
}

TEST(Wilson95, KnowsNothingWithoutSamples) {
  EXPECT_EQ(wilson95(0, 0).low, 0.0);
  EXPECT_EQ(wilson95(0, 0).high, 1.0);
}

TEST(Wilson95, RefusesMoreHitsThanSamples) {
  EXPECT_THROW(static_cast<void>(wilson95(2, 1)), std::logic_error);
}

TEST(CurvePoint, AccuraciesAreRatiosAndNanOfNothing) {
  CurvePoint point;
  EXPECT_TRUE(std::isnan(point.accuracy()));
  EXPECT_TRUE(std::isnan(point.accuracy_on_clean_correct()));
  point.n = 8;
  point.clean_correct = 4;
  point.correct = 2;
  EXPECT_EQ(point.accuracy(), 0.25);
  EXPECT_EQ(point.accuracy_on_clean_correct(), 0.5);
}

}  // namespace
}  // namespace gibbon::reports::record
