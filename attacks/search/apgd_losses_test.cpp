// SPDX-License-Identifier: MIT
#include "attacks/search/apgd_losses.hpp"

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "attacks/search/apgd.hpp"

namespace gibbon::attacks::search {
namespace {

double log_ce(std::vector<double> z, int label) {
  return log_cross_entropy(logit_gap<double>(z, label));
}
double ce(std::vector<double> z, int label) { return cross_entropy(logit_gap<double>(z, label)); }

TEST(CrossEntropy, KeepsItsValueAtAnyConfidence) {
  EXPECT_NEAR(ce({0.0, 100.0}, 1) / 3.72007597602084e-44, 1.0, 1e-13);
  EXPECT_EQ(ce({0.0, 100.0}, 0), 100.0);
  EXPECT_EQ(log_ce({0.0, 1000.0}, 1), -1000.0);
  EXPECT_NEAR(log_ce({0.0, 100.0}, 1), -100.0, 1e-13);
  EXPECT_NEAR(log_ce({0.0, 0.0}, 1), std::log(std::log(2.0)), 1e-15);
}

TEST(CrossEntropy, IsThatOfTheTextbookWhereThatOneHolds) {
  const std::vector<double> z{1.5, -0.5, 2.0, 0.25};
  double total = 0.0;
  for (const double logit : z) total += std::exp(logit);
  for (std::size_t y = 0; y < z.size(); ++y) {
    const double want = -std::log(std::exp(z[y]) / total);
    EXPECT_NEAR(ce(z, static_cast<int>(y)), want, 1e-14);
    EXPECT_NEAR(log_ce(z, static_cast<int>(y)), std::log(want), 1e-14);
  }
}

TEST(CrossEntropy, HasNoSeamWhereTheFormulaChanges) {
  for (const double gap : {-700.0, -30.0, 0.0}) {
    const double below = log_ce({gap - 1e-9, gap - 1.0, 0.0}, 2);
    const double above = log_ce({gap + 1e-9, gap - 1.0, 0.0}, 2);
    EXPECT_LT(below, above) << gap;
    EXPECT_NEAR(below, above, 4e-9) << gap;
  }
}

/// ∂f/∂z by central differences against what `loss` writes. Written value returned for the record.
using Loss = std::function<double(std::span<const double>, std::span<double>)>;
void expect_gradient(const Loss& loss, std::vector<double> z) {
  std::vector<double> seed(z.size(), 9.0);
  std::vector<double> unused(z.size());
  static_cast<void>(loss(z, seed));
  constexpr double kStep = 1e-5;
  for (std::size_t j = 0; j < z.size(); ++j) {
    std::vector<double> up = z;
    std::vector<double> down = z;
    up[j] += kStep;
    down[j] -= kStep;
    const double slope = (loss(up, unused) - loss(down, unused)) / (2.0 * kStep);
    // The third derivative, some 30 for logits one apart, times the step squared.
    EXPECT_NEAR(seed[j], slope, 1e-7 * (1.0 + std::abs(slope))) << "entry " << j;
  }
}

// Every label and target, so every way in which y, o, t and the ranks coincide; 2 to 6 classes.
TEST(DifferenceOfLogitsRatio, HasItsDerivative) {
  const std::vector<double> all{0.3, 2.5, -1.0, 1.2, 4.1, 3.3};
  for (std::size_t classes = 2; classes <= all.size(); ++classes) {
    const std::vector<double> z(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(classes));
    for (int y = 0; y < static_cast<int>(classes); ++y) {
      expect_gradient([=](auto x, auto out) { return dlr<double>(x, y, out); }, z);
      for (int t = 0; t < static_cast<int>(classes); ++t) {
        if (t == y) continue;
        expect_gradient([=](auto x, auto out) { return targeted_dlr<double>(x, y, t, out); }, z);
      }
    }
  }
}

TEST(DifferenceOfLogitsRatio, HasTheValueOfItsFormula) {
  const std::vector<double> z{0.3, 2.5, -1.0, 1.2, 4.1};
  std::vector<double> seed(5);
  EXPECT_NEAR(dlr<double>(z, 4, seed), -(4.1 - 2.5) / (4.1 - 1.2), 1e-12);
  EXPECT_NEAR(dlr<double>(z, 2, seed), -(-1.0 - 4.1) / (4.1 - 1.2), 1e-12);
  EXPECT_NEAR(targeted_dlr<double>(z, 4, 3, seed), -(4.1 - 1.2) / (4.1 - (1.2 + 0.3) / 2), 1e-12);
  const std::vector<double> three{1.0, 4.0, 2.0};
  EXPECT_NEAR(targeted_dlr<double>(three, 1, 0, seed), -(4.0 - 1.0) / (4.0 - 1.0), 1e-12);
  const std::vector<double> two{1.0, 4.0};
  std::vector<double> pair(2);
  EXPECT_EQ(dlr<double>(two, 1, pair), -3.0);
  EXPECT_EQ(pair, (std::vector{1.0, -1.0}));
  EXPECT_EQ(targeted_dlr<double>(two, 0, 1, pair), 3.0);
  EXPECT_EQ(pair, (std::vector{-1.0, 1.0}));
}

// No logits make it divide by zero or write something that is no number.
TEST(DifferenceOfLogitsRatio, SurvivesTies) {
  for (const std::vector<float>& z :
       {std::vector{1.0F, 1.0F, 1.0F, 1.0F}, std::vector{2.0F, 2.0F, 2.0F, 0.0F},
        std::vector{3.0F, 3.0F, 1.0F, 1.0F}, std::vector{0.0F, 0.0F, 0.0F},
        std::vector{0.0F, 0.0F}}) {
    std::vector<float> seed(z.size());
    for (int y = 0; y < static_cast<int>(z.size()); ++y) {
      EXPECT_TRUE(std::isfinite(dlr<float>(z, y, seed)));
      for (const float q : seed) EXPECT_TRUE(std::isfinite(q));
      const int t = y == 0 ? 1 : 0;
      EXPECT_TRUE(std::isfinite(targeted_dlr<float>(z, y, t, seed)));
      for (const float q : seed) EXPECT_TRUE(std::isfinite(q));
    }
  }
}

// The largest logits nearly tie: y's entry -1 / D + N / D² must not cancel.
TEST(DifferenceOfLogitsRatio, KeepsTheLabelsEntryWhereItNearlyCancels) {
  const std::vector<float> z{8.0F, 1.0F, std::nextafter(1.0F, 2.0F), -3.0F};
  std::vector<float> seed(4);
  static_cast<void>(dlr<float>(z, 0, seed));
  // N = z_0 - z_2, D = z_0 - z_1: entry -(D - N) / D² = -2^-23 / 49.
  EXPECT_NEAR(double{seed[0]} * 49.0 / 0x1p-23, -1.0, 1e-4);
}

TEST(HighestFour, AreSortedWithTheLowerIndexFirst) {
  EXPECT_EQ(highest_four<float>(std::vector{1.0F, 5.0F, 5.0F, 2.0F, 7.0F, 1.0F}),
            (std::array<std::size_t, 4>{4, 1, 2, 3}));
  EXPECT_EQ(highest_four<float>(std::vector{0.0F, 1.0F, 2.0F, 3.0F, 4.0F}),
            (std::array<std::size_t, 4>{4, 3, 2, 1}));
  const auto two = highest_four<float>(std::vector{0.0F, 1.0F});
  EXPECT_EQ(two[0], 1U);
  EXPECT_EQ(two[1], 0U);
}

}  // namespace
}  // namespace gibbon::attacks::search
