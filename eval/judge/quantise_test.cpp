// SPDX-License-Identifier: MIT
#include "eval/judge/quantise.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace gibbon::eval::judge {
// Or GoogleTest prints the bytes.
inline void PrintTo(attacks::Norm norm, std::ostream* out) { *out << attacks::to_string(norm); }
}  // namespace gibbon::eval::judge

namespace gibbon::eval::judge {
namespace {

using attacks::Norm;

constexpr std::size_t kDim = 200;

class Quantise : public testing::TestWithParam<attacks::Norm> {};

// The law: what is saved as 8 bits and read back lies in the ball that the float32 image lay in.
TEST_P(Quantise, StaysInTheBall) {
  for (const double epsilon : {0.001, 0.01, 8.0 / 255.0, 0.1, 0.3, 2.0}) {
    for (std::uint64_t trial = 0; trial < 20; ++trial) {
      Rng rng(5, trial, "quantise-test");
      Tensor x(1, kDim);
      Tensor candidate(1, kDim);
      for (float& v : x.flat()) v = static_cast<float>(rng.below(256)) / 255.0F;
      for (std::size_t d = 0; d < kDim; ++d) {
        candidate.flat()[d] = x.flat()[d] + rng.uniform(-1.0F, 1.0F);
      }
      const attacks::ThreatModel threat{GetParam(), epsilon, {}};
      attacks::project(threat, x.row(0), candidate.row(0));
      std::vector<std::uint8_t> levels(kDim);
      to_8bit(threat, x.row(0), candidate.row(0), levels);
      Tensor saved(1, kDim);
      from_8bit(levels, saved.row(0));
      EXPECT_LE(attacks::distance(GetParam(), x.row(0), saved.row(0)), threat.reach() + 1e-7)
          << epsilon;
      // Rounded, not truncated: nobody is farther than one level from what was asked for.
      EXPECT_LE(attacks::distance(attacks::Norm::kLinf, candidate.row(0), saved.row(0)),
                1.0 / 255.0 + 1e-7);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Norms, Quantise, testing::ValuesIn(attacks::kNorms),
                         [](const auto& c) { return std::string(to_string(c.param)); });

TEST(Quantise, RoundsToTheNearestLevelInside) {
  const std::vector<float> x{0.5F, 0.5F, 0.0F};
  const std::vector<float> candidate{0.5F + 0.6F / 255.0F, 0.5F + 0.4F / 255.0F, 0.1F};
  std::vector<std::uint8_t> levels(3);
  to_8bit({attacks::Norm::kLinf, 0.1, {}}, x, candidate, levels);
  EXPECT_EQ(levels[0], 128);  // 127.5 + 0.6 = 128.1
  EXPECT_EQ(levels[1], 128);  // 127.9
  EXPECT_EQ(levels[2], 25);   // 25.5 would round to 26, which is 0.102 away
}

}  // namespace
}  // namespace gibbon::eval::judge
