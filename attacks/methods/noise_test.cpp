// SPDX-License-Identifier: MIT
// The controls have to be as large as they say: noise that is too small makes any attack look
// good.

#include <array>
#include <cmath>
#include <numeric>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::size_t kCount = 4000;
constexpr std::size_t kDim = 12;
constexpr double kEpsilon = 0.25;

/// A norm that GoogleTest prints by name.
struct NormCase {
  Norm norm;
  friend std::ostream& operator<<(std::ostream& out, const NormCase& c) {
    return out << to_string(c.norm);
  }
};
constexpr std::array kNormCases{NormCase{Norm::kLinf}, NormCase{Norm::kL2}, NormCase{Norm::kL1}};

class Noise : public testing::TestWithParam<NormCase> {
 protected:
  Noise() { std::iota(ids_.begin(), ids_.end(), 0U); }

  /// kCount draws around the middle of a box that is `half` wide on either side.
  Tensor draw(std::string_view name, float half, double epsilon = kEpsilon,
              std::uint64_t seed = 1) {
    const AttackInfo& info = find(name);
    const models::Mlp model(models::make_case(models::model_cases().front()));
    Oracle oracle(model, info.access, kCount);
    Workspace work;
    const Tensor x(kCount, kDim);
    Tensor out(kCount, kDim);
    const std::vector<double> budgets(kCount, epsilon);
    info.make()->run(oracle,
                     {.x = x.view(),
                      .labels = labels_,
                      .ids = ids_,
                      .epsilons = budgets,
                      .norm = GetParam().norm,
                      .domain = {-half, half},
                      .seed = seed},
                     work, out.view());
    return out;
  }

  static double length(Row row) {
    return distance(GetParam().norm, std::vector<float>(row.size()), row);
  }

  std::vector<int> labels_ = std::vector<int>(kCount);
  std::vector<std::uint64_t> ids_ = std::vector<std::uint64_t>(kCount);
};

// In a ball filled evenly, (||u|| / ε)^D is uniform in [0, 1]. Kolmogorov and Smirnov: the largest
// gap between its distribution and the diagonal is above 1.95 / √n once in a thousand; the seed is
// fixed.
TEST_P(Noise, UniformNoiseFillsItsBallEvenly) {
  const Tensor out = draw("noise-uniform", 100.0F);
  std::vector<double> volume;
  for (std::size_t n = 0; n < kCount; ++n) {
    ASSERT_LE(length(out.row(n)), kEpsilon * (1.0 + 1e-6));
    volume.push_back(std::pow(length(out.row(n)) / kEpsilon, static_cast<double>(kDim)));
  }
  std::ranges::sort(volume);
  double gap = 0.0;
  for (std::size_t k = 0; k < kCount; ++k) {
    gap = std::max(gap, std::abs(volume[k] - (static_cast<double>(k) + 0.5) / kCount));
  }
  EXPECT_LT(gap, 1.95 / std::sqrt(static_cast<double>(kCount)));
}

// Every feature is symmetric about 0, has the same spread as the others, and no two go together.
TEST_P(Noise, UniformNoisePrefersNoDirection) {
  const Tensor out = draw("noise-uniform", 100.0F);
  std::vector<double> products(kDim * kDim);
  std::vector<double> means(kDim);
  for (std::size_t n = 0; n < kCount; ++n) {
    for (std::size_t i = 0; i < kDim; ++i) {
      means[i] += double{out.row(n)[i]} / kCount;
      for (std::size_t j = 0; j < kDim; ++j) {
        products[i * kDim + j] += double{out.row(n)[i]} * double{out.row(n)[j]} / kCount;
      }
    }
  }
  double variance = 0.0;
  for (std::size_t i = 0; i < kDim; ++i) variance += products[i * kDim + i] / kDim;
  for (std::size_t i = 0; i < kDim; ++i) {
    EXPECT_NEAR(means[i], 0.0, 5.0 * std::sqrt(variance / kCount));
    for (std::size_t j = 0; j < kDim; ++j) {
      // five standard errors; a kurtosis of up to 6 (the sizes of l1) widens that of a square to √5
      EXPECT_NEAR(products[i * kDim + j] / variance, i == j ? 1.0 : 0.0,
                  5.0 * std::sqrt(5.0 / kCount));
    }
  }
  if (GetParam().norm == Norm::kLinf) {
    EXPECT_NEAR(variance, kEpsilon * kEpsilon / 3.0, 0.02 * kEpsilon * kEpsilon / 3.0);
  }
}

TEST_P(Noise, SignNoiseHasExactlyTheSizeOfTheBudget) {
  const Tensor out = draw("noise-sign", 100.0F);
  const double root = std::sqrt(static_cast<double>(kDim));
  const double size = GetParam().norm == Norm::kLinf ? kEpsilon
                      : GetParam().norm == Norm::kL2 ? kEpsilon / root
                                                     : kEpsilon / static_cast<double>(kDim);
  std::size_t positive = 0;
  for (const float value : out.flat()) {
    ASSERT_NEAR(std::abs(double{value}), size, 1e-6 * size);
    positive += value > 0.0F ? 1U : 0U;
  }
  constexpr double kFlips = kCount * kDim;
  EXPECT_NEAR(static_cast<double>(positive) / kFlips, 0.5, 2.5 / std::sqrt(kFlips));
  for (std::size_t n = 0; n < kCount; ++n) {
    EXPECT_NEAR(length(out.row(n)), kEpsilon, kEpsilon * 1e-6);
  }
  if (GetParam().norm == Norm::kLinf) {
    for (const float value : out.flat()) EXPECT_EQ(std::abs(value), static_cast<float>(kEpsilon));
  }
}

TEST_P(Noise, SignNoiseFlipsEachFeatureByItself) {
  const Tensor out = draw("noise-sign", 100.0F);
  for (std::size_t d = 1; d < kDim; ++d) {
    double agree = 0.0;
    for (std::size_t n = 0; n < kCount; ++n) {
      agree += out.row(n)[d] * out.row(n)[0] > 0.0F ? 1.0 : 0.0;
    }
    EXPECT_NEAR(agree / kCount, 0.5, 2.5 / std::sqrt(static_cast<double>(kCount))) << d;
  }
}

TEST_P(Noise, GaussianNoiseHasTheSizeOfTheBudgetAndTheShapeOfABell) {
  const Tensor out = draw("noise-gaussian", 100.0F);
  double squares = 0.0;
  double fourth = 0.0;
  for (std::size_t n = 0; n < kCount; ++n) {
    EXPECT_NEAR(length(out.row(n)), kEpsilon, kEpsilon * 1e-6);
    const double size = distance(Norm::kL2, std::vector<float>(kDim), out.row(n));
    for (const float value : out.row(n)) {
      const double u = double{value} / size;
      squares += u * u / (kCount * kDim);
      fourth += u * u * u * u / (kCount * kDim);
    }
  }
  // On the unit sphere E[u²] = 1 / D and E[u⁴] = 3 / (D (D + 2)); five standard errors are 2.5 %.
  EXPECT_NEAR(fourth, 3.0 / (kDim * (kDim + 2.0)), 0.025 * 3.0 / (kDim * (kDim + 2.0)));
  EXPECT_NEAR(squares, 1.0 / kDim, 1e-6);
}

TEST_P(Noise, SaltAndPepperSpendsTheBudgetOnAFewFeatures) {
  const Tensor out = draw("noise-salt-pepper", 0.1F);
  std::array<std::size_t, 2> sides{};
  std::vector<double> moved(kDim);
  for (std::size_t n = 0; n < kCount; ++n) {
    // Twelve features of 0.1 each way hold more than the budget, but not for linf.
    const double most = GetParam().norm == Norm::kLinf ? 0.1 : kEpsilon;
    EXPECT_NEAR(length(out.row(n)), most, 1e-6);
    for (std::size_t d = 0; d < kDim; ++d) {
      const float value = out.row(n)[d];
      moved[d] += value != 0.0F ? 1.0 / kCount : 0.0;
      if (std::abs(value) == 0.1F) ++sides[value > 0.0F ? 1 : 0];
    }
  }
  // 0.25 / 0.1 = 2.5, 0.25² / 0.1² = 6.25: whole features and a part of one.
  const double share = GetParam().norm == Norm::kLinf ? 12.0
                       : GetParam().norm == Norm::kL2 ? 7.0
                                                      : 3.0;
  for (const double rate : moved) EXPECT_NEAR(rate, share / kDim, 2.5 / std::sqrt(kCount));
  const auto all = static_cast<double>(sides[0] + sides[1]);
  EXPECT_NEAR(static_cast<double>(sides[1]) / all, 0.5, 2.5 / std::sqrt(all));
}

TEST(SaltAndPepper, ChangesAsManyFeaturesAsL0Allows) {
  const AttackInfo& info = find("noise-salt-pepper");
  const models::Mlp model(models::make_case(models::model_cases().front()));
  Tensor x(13, kDim);
  std::ranges::fill(x.flat(), 0.5F);
  std::vector<double> budgets(13);
  std::iota(budgets.begin(), budgets.end(), 0.0);
  const std::vector<int> labels(13);
  const std::vector<std::uint64_t> ids(13, 7);
  Oracle oracle(model, info.access, 13);
  Workspace work;
  Tensor out(13, kDim);
  info.make()->run(oracle,
                   {.x = std::as_const(x).view(),
                    .labels = labels,
                    .ids = ids,
                    .epsilons = budgets,
                    .norm = Norm::kL0},
                   work, out.view());
  for (std::size_t n = 0; n < 13; ++n) {
    EXPECT_EQ(distance(Norm::kL0, x.row(n), out.row(n)), budgets[n]);
    if (n == 0) continue;
    // The same features, and one more.
    for (std::size_t d = 0; d < kDim; ++d) {
      if (out.row(n - 1)[d] == 0.5F) continue;
      EXPECT_EQ(out.row(n)[d], out.row(n - 1)[d]);
    }
  }
}

TEST(RepeatedNoise, FindsWhatOneDrawMissesAndTriesNoMoreThanItHasTo) {
  const AttackInfo& info = find("noise-repeated");
  const models::Mlp model(models::make_case(models::model_cases().front()));
  constexpr std::size_t kSamples = 200;
  Tensor x(kSamples, kDim);
  Rng rng(3, 0, "noise-test");
  for (float& value : x.flat()) value = rng.uniform(0.2F, 0.8F);
  auto tape = model.make_tape(kSamples);
  const auto answers = [&](const Tensor& points) {
    const Rows logits = model.forward(points.view(), tape);
    std::vector<int> out;
    for (std::size_t n = 0; n < kSamples; ++n) out.push_back(predicted_class(logits.row(n)));
    return out;
  };
  const std::vector<int> labels = answers(x);
  std::vector<std::uint64_t> ids(kSamples);
  std::iota(ids.begin(), ids.end(), 0U);
  const std::vector<double> budgets(kSamples, 0.2);
  std::size_t before = 0;
  for (const char* draws : {"1", "10", "100"}) {
    const auto attack = info.make();
    set_field(info, *attack, "draws", draws);
    Oracle oracle(model, info.access, kSamples);
    Workspace work;
    Tensor out(kSamples, kDim);
    attack->run(oracle,
                {.x = std::as_const(x).view(), .labels = labels, .ids = ids, .epsilons = budgets},
                work, out.view());
    const std::vector<int> found = answers(out);
    std::size_t broken = 0;
    for (std::size_t n = 0; n < kSamples; ++n) {
      const bool failed = found[n] == labels[n];
      broken += failed ? 0U : 1U;
      if (!failed) continue;
      EXPECT_EQ(oracle.forwards()[n], std::stoul(draws));
    }
    EXPECT_GT(broken, before) << draws;
    EXPECT_LT(broken, kSamples);
    before = broken;
  }
}

TEST_P(Noise, TheBoxCutsItOff) {
  for (const std::string_view name : {"noise-uniform", "noise-sign", "noise-gaussian"}) {
    const Tensor out = draw(name, 0.001F);
    for (const float value : out.flat()) ASSERT_LE(std::abs(value), 0.001F);
    EXPECT_EQ(std::ranges::max(out.flat()), 0.001F);
  }
}

// Over a sweep the same point grows: ε is no key of the draw. Another seed is another draw.
TEST_P(Noise, KeepsItsDirectionOverASweepAndChangesWithTheSeed) {
  for (const std::string_view name : {"noise-uniform", "noise-sign", "noise-gaussian"}) {
    const Tensor small = draw(name, 100.0F, 0.25);
    const Tensor large = draw(name, 100.0F, 0.5);
    for (std::size_t k = 0; k < kCount * kDim; ++k) {
      ASSERT_NEAR(double{large.flat()[k]}, 2.0 * double{small.flat()[k]}, 1e-6) << name;
    }
    const Tensor other = draw(name, 100.0F, 0.25, 2);
    EXPECT_FALSE(std::ranges::equal(other.flat(), small.flat())) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Norms, Noise, testing::ValuesIn(kNormCases),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace gibbon::attacks
