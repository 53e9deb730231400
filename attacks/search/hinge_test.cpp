// SPDX-License-Identifier: MIT
#include "attacks/search/hinge.hpp"

#include <array>
#include <limits>
#include <numeric>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"

namespace gibbon::attacks::search {
namespace {

constexpr std::array kLogits{1.0F, 3.0F, 2.5F};

TEST(Hinge, IsTheMarginThatIsStillToGo) {
  EXPECT_DOUBLE_EQ((Hinge{0.0, false}.value(kLogits, 1)), 0.5);
  EXPECT_DOUBLE_EQ((Hinge{0.25, false}.value(kLogits, 1)), 0.75);
  EXPECT_DOUBLE_EQ((Hinge{0.0, false}.value(kLogits, 0)), 0.0);
  EXPECT_DOUBLE_EQ((Hinge{2.5, false}.value(kLogits, 0)), 0.5);
  EXPECT_DOUBLE_EQ((Hinge{0.0, true}.value(kLogits, 0)), 2.0);
  EXPECT_DOUBLE_EQ((Hinge{0.0, true}.value(kLogits, 1)), 0.0);
  EXPECT_DOUBLE_EQ((Hinge{1.0, true}.value(kLogits, 1)), 0.5);
}

TEST(Hinge, IsMetByTheConfidenceAskedFor) {
  EXPECT_TRUE((Hinge{0.0, false}.met(kLogits, 0)));
  EXPECT_TRUE((Hinge{2.0, false}.met(kLogits, 0)));
  EXPECT_FALSE((Hinge{2.01, false}.met(kLogits, 0)));
  EXPECT_FALSE((Hinge{0.0, false}.met(kLogits, 1)));
  EXPECT_TRUE((Hinge{0.5, true}.met(kLogits, 1)));
  EXPECT_FALSE((Hinge{0.51, true}.met(kLogits, 1)));
  EXPECT_FALSE((Hinge{0.0, true}.met(kLogits, 2)));
}

TEST(Hinge, SeedIsItsDerivative) {
  for (const bool targeted : {false, true}) {
    for (const int label : {0, 1, 2}) {
      const Hinge hinge{0.1, targeted};
      std::array<float, 3> seed{9.0F, 9.0F, 9.0F};
      hinge.seed(kLogits, label, seed);
      for (std::size_t j = 0; j < kLogits.size(); ++j) {
        constexpr float kSmall = 0x1p-6F;  // exact, and too small to cross a kink
        auto up = kLogits;
        auto down = kLogits;
        up[j] += kSmall;
        down[j] -= kSmall;
        const double slope =
            (hinge.value(up, label) - hinge.value(down, label)) / (2.0 * double{kSmall});
        EXPECT_NEAR(seed[j], slope, 1e-12) << targeted << label << j;
      }
    }
  }
}

TEST(ConstantSearch, GoesUpTenfoldThenBisects) {
  Workspace work;
  ConstantSearch search(work, 2, 0.001);
  const auto next = [&](bool first_succeeds) {
    if (first_succeeds) search.hit(0);
    search.next_round();
    return search.c(0);
  };
  EXPECT_DOUBLE_EQ(search.c(0), 0.001);
  EXPECT_DOUBLE_EQ(next(false), 0.01);
  EXPECT_DOUBLE_EQ(next(false), 0.1);
  EXPECT_DOUBLE_EQ(next(true), 0.055);
  EXPECT_DOUBLE_EQ(next(true), 0.0325);
  EXPECT_DOUBLE_EQ(next(false), 0.04375);
  search.take_upper();
  EXPECT_DOUBLE_EQ(search.c(0), 0.055);
  // The other sample never had a success; it goes its own way, up to 1e10.
  EXPECT_DOUBLE_EQ(search.c(1), 100.0);
  for (int k = 0; k < 20; ++k) search.next_round();
  EXPECT_DOUBLE_EQ(search.c(1), 1e10);
}

TEST(ConstantSearch, AFirstConstantThatSucceedsIsBisectedTowardsZero) {
  Workspace work;
  ConstantSearch search(work, 1, 0.001);
  search.hit(0);
  search.next_round();
  EXPECT_DOUBLE_EQ(search.c(0), 0.0005);
}

TEST(Plateau, EndsWhereAnIntervalGainedLittle) {
  Workspace work;
  Plateau plateau(work, 2, 10);
  plateau.restart();
  EXPECT_FALSE(plateau.reached(0, 0, 1.0));
  EXPECT_FALSE(plateau.reached(0, 5, 2.0)) << "looks every ten steps only";
  EXPECT_FALSE(plateau.reached(0, 10, 0.9998));
  EXPECT_FALSE(plateau.reached(1, 10, 7.0)) << "each sample has its own";
  EXPECT_TRUE(plateau.reached(0, 20, 0.99975));
  plateau.restart();
  EXPECT_FALSE(plateau.reached(0, 0, 1.0));
}

struct ConfidenceCase {
  const char* attack;
  Norm norm;
  double confidence;
  friend std::ostream& operator<<(std::ostream& out, const ConfidenceCase& c) {
    return out << std::string(c.attack).substr(0, 2) << (c.confidence > 0.0 ? "_confident" : "");
  }
};

class Confidence : public testing::TestWithParam<ConfidenceCase> {};

// z = (x, -x): the margin is 2 |x|, and what is found should exceed the confidence by little.
TEST_P(Confidence, IsTheSmallestMarginFound) {
  constexpr std::size_t kCount = 40;
  models::Network network;
  network.layers.push_back(
      {.weight = {2, 1}, .bias = {0.0F, 0.0F}, .activation = models::make_activation("identity")});
  network.layers[0].weight.row(0)[0] = 1.0F;
  network.layers[0].weight.row(1)[0] = -1.0F;
  const models::Mlp model(network);
  Tensor x(kCount, 1);
  std::vector<int> labels;
  std::vector<std::uint64_t> ids(kCount);
  std::iota(ids.begin(), ids.end(), 0U);
  Rng rng(4, 0, "hinge-test");
  for (float& value : x.flat()) {
    value = rng.uniform(-0.5F, 0.5F);
    labels.push_back(value > 0.0F ? 0 : 1);
  }
  const std::vector<double> unlimited(kCount, std::numeric_limits<double>::infinity());
  const AttackInfo& info = find(GetParam().attack);
  const auto attack = info.make();
  set_field(info, *attack, "confidence", fmt::format("{}", GetParam().confidence));
  Oracle oracle(model, info.access, kCount);
  Workspace work;
  Tensor out(kCount, 1);
  attack->run(oracle,
              {.x = x.view(),
               .labels = labels,
               .ids = ids,
               .epsilons = unlimited,
               .norm = GetParam().norm,
               .domain = {-10.0F, 10.0F}},
              work, out.view());
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t n = 0; n < kCount; ++n) {
    const double found = out.row(n)[0];
    const double lead = 2.0 * (labels[n] == 0 ? -found : found);
    ASSERT_GE(lead, GetParam().confidence) << n;
    smallest = std::min(smallest, lead);
  }
  EXPECT_NEAR(smallest, GetParam().confidence, 0.1);
}

constexpr std::array kConfidenceCases{
    ConfidenceCase{"cw-l2", Norm::kL2, 0.0}, ConfidenceCase{"cw-l2", Norm::kL2, 2.3},
    ConfidenceCase{"ead", Norm::kL1, 0.0}, ConfidenceCase{"ead", Norm::kL1, 2.3}};

INSTANTIATE_TEST_SUITE_P(Every, Confidence, testing::ValuesIn(kConfidenceCases),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace gibbon::attacks::search
