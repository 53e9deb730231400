// SPDX-License-Identifier: MIT
#include "models/kernels/exp.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/simd.hpp"

namespace gibbon::models::kernels {
namespace {

/// The k-th float of [0, infinity) in rising order: floats of one sign are ordered as their bits.
float nth(std::uint32_t k) { return std::bit_cast<float>(k); }

/// Calls body(x) for every 97th float of [-87, 88], in rising order; 97 is prime to the powers of
/// two between binades.
template <class Body>
void walk(Body body) {
  const auto lowest = std::bit_cast<std::uint32_t>(87.0F);
  const auto highest = std::bit_cast<std::uint32_t>(88.0F);
  for (std::uint32_t k = lowest; k >= 97; k -= 97) body(-nth(k));
  for (std::uint32_t k = 0; k <= highest; k += 97) body(nth(k));
  body(88.0F);
}

TEST(Exp, KeepsItsRelativeErrorAndItsOrder) {
  double worst = 0.0;
  float where = 0.0F;
  float before = 0.0F;
  double deepest_dip = 0.0;
  walk([&](float x) {
    const float got = exp_of(x);
    const double want = std::exp(double{x});
    const double error = std::abs(double{got} - want) / want;
    if (!(error <= worst)) {  // NaN, too
      worst = error;
      where = x;
    }
    deepest_dip = std::max(deepest_dip, (double{before} - double{got}) / want);
    before = got;
  });
  EXPECT_LT(worst, 1.2e-7) << "at " << where;
  // Neighbours are each within the bound of a rising function.
  EXPECT_LT(deepest_dip, 2.0 * 1.2e-7);
}

TEST(Exp, IsExactAtZeroAndHeldAtTheEnds) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(exp_of(0.0F), 1.0F);
  EXPECT_EQ(exp_of(-0.0F), 1.0F);
  EXPECT_NEAR(double{exp_of(-87.0F)}, std::exp(-87.0), 1.2e-7 * std::exp(-87.0));
  EXPECT_NEAR(double{exp_of(88.0F)}, std::exp(88.0), 1.2e-7 * std::exp(88.0));
  for (const float below :
       {-87.1F, -88.0F, -1e4F, std::numeric_limits<float>::lowest(), -kInfinity}) {
    EXPECT_EQ(exp_of(below), exp_of(-87.0F)) << below;
  }
  for (const float above : {88.1F, 89.0F, 1e4F, std::numeric_limits<float>::max(), kInfinity}) {
    EXPECT_EQ(exp_of(above), exp_of(88.0F)) << above;
  }
}

TEST(Exp, NanStaysNanWhateverItsPayload) {
  for (const std::uint32_t bits :
       {0x7FC00000U, 0xFFC00000U, 0x7FC00001U, 0x7F800001U, 0xFFFFFFFFU}) {
    EXPECT_TRUE(std::isnan(exp_of(std::bit_cast<float>(bits)))) << std::hex << bits;
  }
}

GIBBON_SIMD void exp_loop(const std::vector<float>& x, std::vector<float>& out) {
  for (std::size_t k = 0; k < x.size(); ++k) out[k] = exp_of(x[k]);
}

TEST(Exp, AVectorLoopGivesTheBitsOfTheScalar) {
  std::vector<float> x;
  std::uint32_t k = 0;
  walk([&](float value) {
    if (++k % 101 == 0) x.push_back(value);
  });
  std::vector<float> got(x.size());
  exp_loop(x, got);
  for (std::size_t n = 0; n < x.size(); ++n) {
    volatile float one = x[n];  // keeps the compiler from making this loop the same vector code
    ASSERT_EQ(got[n], exp_of(one)) << x[n];
  }
}

TEST(Exp, InDoubleItIsTheLibrarys) {
  for (const double x : {-700.0, -1.5, 0.0, 0.1, 709.0}) EXPECT_EQ(exp_of(x), std::exp(x));
}

}  // namespace
}  // namespace gibbon::models::kernels
