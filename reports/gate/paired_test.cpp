// SPDX-License-Identifier: MIT
#include "reports/gate/paired.hpp"

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon::reports::gate {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

/// P(X <= k) of Binomial(m, 1/2) by its definition: every term from the one before, in long double
/// with an exponent of its own, so that nothing underflows. 2 m roundings of 2^-64 each.
long double lower_tail(std::uint64_t m, std::uint64_t k) {
  long double term = 1.0L;  // times 2^-exponent
  long double sum = 1.0L;
  long exponent = 0;
  for (std::uint64_t i = 1; i <= k; ++i) {
    term *= static_cast<long double>(m - i + 1) / static_cast<long double>(i);
    sum += term;
    if (sum < 0x1p1000L) continue;
    term *= 0x1p-1000L;
    sum *= 0x1p-1000L;
    exponent += 1000;
  }
  return std::ldexp(sum, static_cast<int>(exponent - static_cast<long>(m)));
}

TEST(McNemar, IsTheExactSumOfBothTails) {
  for (const std::uint64_t m : {1ULL, 2ULL, 7ULL, 50ULL, 333ULL, 4000ULL, 20000ULL}) {
    for (const double part : {0.0, 0.1, 0.4, 0.45, 0.49, 0.5}) {
      const auto fewer = static_cast<std::uint64_t>(part * static_cast<double>(m));
      if (2 * fewer == m) continue;
      const auto exact = static_cast<double>(std::min(1.0L, 2.0L * lower_tail(m, fewer)));
      if (exact < 1e-300) continue;  // below the smallest normal double
      for (const Paired& paired : {Paired{.n = 20000, .lost = m - fewer, .gained = fewer},
                                   Paired{.n = 20000, .lost = fewer, .gained = m - fewer}})
        EXPECT_NEAR(mcnemar_p(paired) / exact, 1.0, 1e-12) << fewer << " of " << m;
    }
  }
}

TEST(McNemar, NothingChangedOrAsMuchLostAsGainedIsNoEvidence) {
  EXPECT_EQ(mcnemar_p({.n = 100}), 1.0);
  EXPECT_EQ(mcnemar_p({.n = 20000, .lost = 10000, .gained = 10000}), 1.0);
  EXPECT_EQ(mcnemar_p({.n = 20000, .lost = 20000}), 0.0) << "2^-19999 is below every double";
}

// Bentur et al. 2009, airway hyper-responsiveness before and after a transplantation, as analysed
// by Fagerland, Lydersen & Laake 2014, "Recommended tests and confidence intervals for paired
// binomial proportions": 1 and 7 discordant pairs of 21.
TEST(Textbook, FagerlandsExample) {
  const Paired paired{.n = 21, .lost = 1, .gained = 7};
  EXPECT_NEAR(mcnemar_p(paired), 18.0 / 256.0, 1e-15);
  const record::Interval interval = drop_interval(paired);
  EXPECT_NEAR(interval.low, -0.517, 0.0005);
  EXPECT_NEAR(interval.high, -0.026, 0.0005);
}

// Agresti, Categorical Data Analysis, section 10.1: approval of a prime minister, 150 left and 86
// joined of 1600.
TEST(Textbook, WithoutAMarginTangosTestIsMcNemarsOwn) {
  const Paired paired{.n = 1600, .lost = 150, .gained = 86};
  EXPECT_NEAR(drop_above_p(paired, 0.0), 0.5 * std::erfc(64.0 / std::sqrt(236.0) / std::sqrt(2.0)),
              1e-15);
}

/// Tango's statistic with the likelihood maximised numerically instead of by the quadratic.
double score_by_search(const Paired& paired, double delta) {
  const auto n = static_cast<double>(paired.n);
  const auto b = static_cast<double>(paired.lost);
  const auto c = static_cast<double>(paired.gained);
  const auto likelihood = [&](double q) {
    const auto term = [](double count, double p) {
      return count > 0.0 ? count * std::log(p) : 0.0;
    };
    return term(b, q + delta) + term(c, q) + term(n - b - c, 1.0 - 2.0 * q - delta);
  };
  double low = 0.0;
  double high = (1.0 - delta) / 2.0;
  for (int k = 0; k < 300; ++k) {  // golden section: the likelihood is concave
    const double left = high - 0.6180339887498949 * (high - low);
    const double right = low + 0.6180339887498949 * (high - low);
    (likelihood(left) < likelihood(right) ? low : high) =
        likelihood(left) < likelihood(right) ? left : right;
  }
  const double q = 0.5 * (low + high);
  return (b - c - n * delta) / std::sqrt(n * (2.0 * q + delta * (1.0 - delta)));
}

TEST(Tango, AgreesWithALikelihoodMaximisedBySearch) {
  for (const Paired& paired :
       {Paired{.n = 1000, .lost = 30, .gained = 10}, Paired{.n = 1000, .lost = 10, .gained = 30},
        Paired{.n = 50, .lost = 5}, Paired{.n = 50, .gained = 5}, Paired{.n = 10, .lost = 10}}) {
    for (const double margin : {0.003, 0.05, 0.5}) {
      const double z = score_by_search(paired, margin);
      // The search finds q to about the square root of a double's precision.
      EXPECT_NEAR(drop_above_p(paired, margin), 0.5 * std::erfc(z / std::sqrt(2.0)), 1e-6)
          << paired.lost << " " << paired.gained << " " << margin;
    }
  }
}

TEST(Tango, TheIntervalIsWhereTheTestTurns) {
  const Paired paired{.n = 1000, .lost = 40, .gained = 10};
  const record::Interval interval = drop_interval(paired);
  EXPECT_LT(interval.low, paired.drop());
  EXPECT_GT(interval.high, paired.drop());
  EXPECT_NEAR(drop_above_p(paired, interval.low), 0.025, 1e-9);
  EXPECT_NEAR(drop_above_p(paired, interval.high), 0.975, 1e-9);
  const record::Interval mirrored = drop_interval({.n = 1000, .lost = 10, .gained = 40});
  EXPECT_NEAR(mirrored.low, -interval.high, 1e-12);
  EXPECT_NEAR(mirrored.high, -interval.low, 1e-12);
}

TEST(Tango, ClosedFormsAtTheEdges) {
  // Nothing changed: z² / (n + z²) to either side. Everything: (n - z²) / (n + z²) to 1.
  const double z2 = 1.959963984540054 * 1.959963984540054;
  EXPECT_NEAR(drop_interval({.n = 500}).high, z2 / (500.0 + z2), 1e-12);
  EXPECT_NEAR(drop_interval({.n = 500}).low, -z2 / (500.0 + z2), 1e-12);
  EXPECT_NEAR(drop_interval({.n = 500, .lost = 500}).low, (500.0 - z2) / (500.0 + z2), 1e-12);
  EXPECT_NEAR(drop_interval({.n = 500, .lost = 500}).high, 1.0, 1e-12);
}

TEST(ChangeP, CountsEitherDirectionAndOnlyBeyondTheMargin) {
  const Paired lost{.n = 10000, .lost = 150, .gained = 50};
  const Paired gained{.n = 10000, .lost = 50, .gained = 150};
  EXPECT_EQ(change_p(lost, 0.003), change_p(gained, 0.003));
  EXPECT_LT(change_p(lost, 0.003), 1e-4);
  EXPECT_GT(change_p(lost, 0.01), 0.9) << "a drop of just the margin is harmless";
  EXPECT_NEAR(change_p(lost, 0.003), 2.0 * drop_above_p(lost, 0.003), 1e-15);
  EXPECT_EQ(change_p({.n = 100, .lost = 3}, 0.0), mcnemar_p({.n = 100, .lost = 3}))
      << "few changes: the exact test is the stricter one";
}

TEST(Holm, IsHisStepDown) {
  // Holm 1979's example of p-values, in another order.
  EXPECT_THAT(holm(std::vector{0.02, 0.01, 0.04, 0.03}),
              ElementsAre(DoubleNear(0.06, 1e-15), DoubleNear(0.04, 1e-15), DoubleNear(0.06, 1e-15),
                          DoubleNear(0.06, 1e-15)));
  EXPECT_THAT(holm(std::vector{0.5, 0.9}), ElementsAre(1.0, 1.0));
  EXPECT_THAT(holm({}), ElementsAre());
}

TEST(NeededSamples, SettleWhatWasLeftOpen) {
  // 12 lost, 2 gained of 1000: 1 point, not shown. z = 1.959964 + 1.281552 for one test.
  const Paired open{.n = 1000, .lost = 12, .gained = 2};
  const double z = 1.959963984540054 + 1.2815515655446004;
  const double wanted = z * z * (0.014 - 0.0001) / (0.007 * 0.007);  // 2980.7
  EXPECT_EQ(needed_samples(open, 0.003, 0.05, 1), 3000U) << wanted;
  EXPECT_GT(*needed_samples(open, 0.003, 0.05, 13), 3000U) << "a family asks for more";
  // So many samples with the same rates are settled.
  EXPECT_LT(change_p({.n = 4000, .lost = 48, .gained = 8}, 0.003), 0.05);
  // 5 lost, 5 gained of 1000: the interval has to shrink into the margin.
  EXPECT_EQ(needed_samples({.n = 1000, .lost = 5, .gained = 5}, 0.003, 0.05, 1), 4300U);
  EXPECT_EQ(needed_samples({.n = 1000, .lost = 3}, 0.003, 0.05, 1), std::nullopt);
  EXPECT_GT(*needed_samples({.n = 123, .lost = 30}, 0.003, 0.05, 1), 123U) << "always more than n";
}

TEST(CountPaired, CountsBothDirections) {
  const std::vector<std::uint8_t> before{1, 1, 1, 0, 0};
  const std::vector<std::uint8_t> now{1, 0, 0, 1, 0};
  const Paired paired = count_paired(before, now);
  EXPECT_EQ(paired.n, 5U);
  EXPECT_EQ(paired.lost, 2U);
  EXPECT_EQ(paired.gained, 1U);
  EXPECT_DOUBLE_EQ(paired.drop(), 0.2);
  EXPECT_DOUBLE_EQ(paired.changed(), 0.6);
  EXPECT_THROW(static_cast<void>(count_paired(before, std::span(now).first(3))), std::logic_error);
}

}  // namespace
}  // namespace gibbon::reports::gate
