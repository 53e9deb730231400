// The two controls have to be as large as they say: noise that is too small makes any attack look
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

TEST_P(Noise, TheBoxCutsItOff) {
  for (const std::string_view name : {"noise-uniform", "noise-sign"}) {
    const Tensor out = draw(name, 0.001F);
    for (const float value : out.flat()) ASSERT_LE(std::abs(value), 0.001F);
    EXPECT_EQ(std::ranges::max(out.flat()), 0.001F);
  }
}

// Over a sweep the same point grows: ε is no key of the draw. Another seed is another draw.
TEST_P(Noise, KeepsItsDirectionOverASweepAndChangesWithTheSeed) {
  for (const std::string_view name : {"noise-uniform", "noise-sign"}) {
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
