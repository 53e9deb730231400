// SPDX-License-Identifier: MIT
#include "attacks/losses.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace gibbon::attacks {
namespace {

/// ∂CE/∂z = softmax(z) - one-hot(y), in double.
std::vector<double> cross_entropy_gradient(std::span<const double> z, std::size_t y) {
  double total = 0.0;
  for (const double logit : z) total += std::exp(logit);
  std::vector<double> out;
  for (std::size_t j = 0; j < z.size(); ++j) {
    out.push_back(std::exp(z[j]) / total - (j == y ? 1.0 : 0.0));
  }
  return out;
}

// ∂CE/∂z = (1 - p_y) · q: same direction, at every label.
TEST(ScaleFreeSeed, PointsWhereCrossEntropyPoints) {
  const std::vector<double> z{1.5, -0.5, 2.0, 0.25};
  const std::vector<float> z32(z.begin(), z.end());
  for (std::size_t y = 0; y < z.size(); ++y) {
    std::vector<double> q(4);
    std::vector<float> q32(4);
    scale_free_seed<double>(z, static_cast<int>(y), q);
    scale_free_seed<float>(z32, static_cast<int>(y), q32);
    const std::vector<double> want = cross_entropy_gradient(z, y);
    const double factor = -want[y];  // 1 - p_y
    for (std::size_t j = 0; j < z.size(); ++j) {
      EXPECT_NEAR(factor * q[j], want[j], 1e-15) << "class " << j << " of label " << y;
      // z is exact in float32; rounding of e^z, of 1 / total and of their product remains
      EXPECT_NEAR(q32[j], q[j], 3 * 0x1p-24 * std::abs(q[j]));
    }
  }
}

TEST(ScaleFreeSeed, KeepsItsSizeAtAnyConfidence) {
  for (const float lead : {0.0F, 1.0F, 17.0F, 40.0F, 1e4F, 1e30F, -1e4F}) {
    const std::array<float, 3> z{1.0F, 1.0F + lead, 1.0F};
    std::array<float, 3> q{9.0F, 9.0F, 9.0F};
    scale_free_seed<float>(z, 1, q);
    EXPECT_EQ(q, (std::array{0.5F, -1.0F, 0.5F})) << lead;
  }
  const std::array<float, 3> far{-1e4F, 5.0F, 1e4F};  // the softmax of the others is one-hot here
  std::array<float, 3> q{};
  scale_free_seed<float>(far, 1, q);
  EXPECT_EQ(q, (std::array{0.0F, -1.0F, 1.0F}));
}

TEST(ScaleFreeSeed, OfTwoClassesIsTheDifferenceOfTheirLogits) {
  const std::array<float, 2> z{3.0F, -4.0F};
  std::array<float, 2> q{};
  scale_free_seed<float>(z, 0, q);
  EXPECT_EQ(q, (std::array{-1.0F, 1.0F}));
}

TEST(PredictedClass, IsTheLowestIndexAmongEqualMaxima) {
  EXPECT_EQ(predicted_class<float>(std::array{0.0F, 2.0F, 2.0F}), 1);
  EXPECT_EQ(predicted_class<float>(std::array{-1.0F, -3.0F}), 0);
  EXPECT_EQ(predicted_class<double>(std::array{0.0, 1.0, 1.0 + 1e-15}), 2);
}

TEST(Margin, IsTheLeadOverTheBestOtherClass) {
  const std::array<float, 3> z{-5.0F, -2.0F, -9.0F};  // negative: a 0 for the label would win
  EXPECT_EQ(margin<float>(z, 1), 3.0F);
  EXPECT_EQ(margin<float>(z, 0), -3.0F);
  EXPECT_EQ(margin<float>(z, 2), -7.0F);
  EXPECT_EQ(best_other<float>(z, 1), -5.0F);
  EXPECT_EQ(margin<float>(std::array{1.0F, 1.0F}, 1), 0.0F);
}

}  // namespace
}  // namespace gibbon::attacks
