// SPDX-License-Identifier: MIT
// JSMA and the one-pixel attack: what the contract does not see.

#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "models/mlp.hpp"

namespace gibbon::attacks {
namespace {

/// Two classes: class 0 wins while w · x + bias > 0.
models::Network linear(const std::vector<float>& w, float bias) {
  models::Network network;
  network.layers.push_back({.weight = {2, w.size()},
                            .bias = {bias, 0.0F},
                            .activation = models::make_activation("identity")});
  std::ranges::fill(network.layers[0].weight.flat(), 0.0F);
  std::ranges::copy(w, network.layers[0].weight.row(0).begin());
  return network;
}

struct Result {
  Tensor point;
  std::uint64_t forwards;
  std::uint64_t backwards;
};

using Knobs = std::vector<std::pair<std::string_view, std::string_view>>;

/// One sample of class 0 against the named attack in l0.
Result run(std::string_view name, const models::Network& network, const std::vector<float>& x,
           double epsilon, const Knobs& knobs = {}, const datasets::Shape& shape = {},
           std::size_t max_rows = 64, Rows starts = {}) {
  const AttackInfo& info = find(name);
  const models::Mlp model(network);
  Oracle oracle(model, info.access, max_rows);
  Workspace work;
  Result result{Tensor(1, x.size()), 0, 0};
  const auto attack = info.make();
  for (const auto& [knob, value] : knobs) set_field(info, *attack, knob, value);
  const std::array<int, 1> labels{0};
  const std::array<std::uint64_t, 1> ids{5};
  const std::array<double, 1> budgets{epsilon};
  attack->run(oracle,
              {.x = {x.data(), 1, x.size()},
               .labels = labels,
               .ids = ids,
               .epsilons = budgets,
               .norm = Norm::kL0,
               .shape = shape,
               .starts = starts,
               .seed = 3},
              work, result.point.view());
  result.forwards = oracle.forwards()[0];
  result.backwards = oracle.backwards()[0];
  return result;
}

std::vector<float> values(const Result& result) {
  return {result.point.flat().begin(), result.point.flat().end()};
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::vector<float> kWeights{1.0F, -1.1F, 2.0F, 0.5F, -2.5F, 0.2F};
const std::vector<float> kMiddle(6, 0.5F);

TEST(Jsma, MovesTheTwoFeaturesThatDoMost) {
  const Result out = run("jsma", linear(kWeights, 1.5F), kMiddle, kInfinity);
  EXPECT_EQ(values(out), (std::vector<float>{0.5F, 0.5F, 0.0F, 0.5F, 1.0F, 0.5F}));
  EXPECT_EQ(out.forwards, 3U);   // clean, x, and the pair moved
  EXPECT_EQ(out.backwards, 4U);  // two gradients at each of the last two
}

TEST(Jsma, WithOneSignAllGoTheWayOfTheta) {
  const Result up = run("jsma", linear(kWeights, 1.0F), kMiddle, kInfinity, {{"signs", "1"}});
  EXPECT_EQ(values(up), (std::vector<float>{0.5F, 1.0F, 0.5F, 0.5F, 1.0F, 0.5F}));
  const Result down =
      run("jsma", linear(kWeights, 1.0F), kMiddle, kInfinity, {{"signs", "1"}, {"theta", "-1"}});
  EXPECT_EQ(values(down), (std::vector<float>{0.0F, 0.5F, 0.0F, 0.5F, 0.5F, 0.5F}));
}

TEST(Jsma, TheLastOfAnOddBudgetMovesAlone) {
  const Result one = run("jsma", linear(kWeights, 0.5F), kMiddle, 1.0);
  EXPECT_EQ(values(one), (std::vector<float>{0.5F, 0.5F, 0.5F, 0.5F, 1.0F, 0.5F}));
  // Two features win 2.25, three 2.8: 2.75 + Σ w / 2 = 2.8 - 0.05 + … is out of reach of two.
  const Result three = run("jsma", linear(kWeights, 2.7F), kMiddle, 3.0);
  EXPECT_EQ(values(three), (std::vector<float>{0.5F, 1.0F, 0.0F, 0.5F, 1.0F, 0.5F}));
}

TEST(Jsma, SmallStepsGoOnWhereTheyBegan) {
  // 0.1 at a time, at most two features: 0.5 + 0.5 is reached in five rounds, not by swinging.
  const Result out =
      run("jsma", linear(kWeights, 2.2F), kMiddle, 2.0, {{"theta", "0.1"}, {"gamma", "1"}});
  EXPECT_EQ(distance(Norm::kL0, kMiddle, out.point.row(0)), 0.0) << "three rounds are allowed";
  const Result enough = run("jsma", linear(kWeights, 0.5F), kMiddle, 2.0, {{"theta", "0.1"}});
  EXPECT_EQ(distance(Norm::kL0, kMiddle, enough.point.row(0)), 2.0);
}

TEST(Jsma, GammaLimitsTheFeatures) {
  const std::vector<float> even(12, 1.0F);
  const std::vector<float> ones(12, 1.0F);
  // Five features have to go: three pairs.
  const models::Network network = linear(even, -7.5F);
  EXPECT_EQ(distance(Norm::kL0, ones, run("jsma", network, ones, kInfinity).point.row(0)), 6.0);
  const Result capped = run("jsma", network, ones, kInfinity, {{"gamma", "0.25"}});
  EXPECT_EQ(distance(Norm::kL0, ones, capped.point.row(0)), 0.0);
}

// A picture of 5 × 4 pixels with three channels, of which one pixel alone decides.
constexpr datasets::Shape kPicture{5, 4, 3, true};
models::Network planted(std::size_t row, std::size_t column) {
  std::vector<float> w(kPicture.size(), 0.01F);
  const std::size_t first = (row * kPicture.width + column) * 3;
  w[first] = 4.0F;
  w[first + 1] = -4.0F;
  w[first + 2] = 4.0F;
  return linear(w, -1.0F);
}

TEST(OnePixel, FindsThePlantedPixel) {
  const std::vector<float> x(kPicture.size(), 0.5F);
  for (const auto& [row, column] : {std::pair{0U, 0U}, std::pair{3U, 2U}, std::pair{4U, 3U}}) {
    const Result out = run("one-pixel", planted(row, column), x, 3.0, {}, kPicture);
    for (std::size_t d = 0; d < x.size(); ++d) {
      const bool here = d / 3 == row * kPicture.width + column;
      EXPECT_EQ(out.point.flat()[d] != 0.5F, here) << d;
    }
    EXPECT_LT(out.forwards, 40000U) << "it stops when it has what it wants";
  }
}

TEST(OnePixel, EvolutionFindsTheBestValues) {
  // No pixel is enough: after all generations the best one is near the corner (0, 1, 0).
  std::vector<float> w(kPicture.size(), 0.01F);
  w[33] = 4.0F;
  w[34] = -4.0F;
  w[35] = 4.0F;
  const std::vector<float> x(kPicture.size(), 0.5F);
  const Result out = run("one-pixel", linear(w, 100.0F), x, 4.0, {}, kPicture);
  EXPECT_EQ(out.forwards, 400U * 101U);
  EXPECT_NEAR(out.point.flat()[33], 0.0F, 0.02F);
  EXPECT_NEAR(out.point.flat()[34], 1.0F, 0.02F);
  EXPECT_NEAR(out.point.flat()[35], 0.0F, 0.02F);
  EXPECT_EQ(distance(Norm::kL0, x, out.point.row(0)), 3.0);
}

TEST(OnePixel, ABudgetBelowOnePixelChangesNothing) {
  const std::vector<float> x(kPicture.size(), 0.5F);
  const Result out = run("one-pixel", planted(0, 0), x, 2.0, {}, kPicture);
  EXPECT_EQ(values(out), x);
  EXPECT_EQ(out.forwards, 0U);
}

TEST(OnePixel, AKnownPointIsTheFirstAgent) {
  const std::vector<float> x(kPicture.size(), 0.5F);
  std::vector<float> known = x;
  known[33] = 0.0F;
  known[34] = 1.0F;
  known[35] = 0.0F;
  const Result out = run("one-pixel", planted(2, 3), x, 3.0, {{"steps", "0"}, {"agents", "4"}},
                         kPicture, 64, {known.data(), 1, known.size()});
  EXPECT_EQ(values(out), known);
}

TEST(OnePixel, FlatPointsHaveAPositionPerFeature) {
  const Result out = run("one-pixel", linear(kWeights, 0.5F), kMiddle, 1.0, {}, {1, 6, 1, false});
  EXPECT_NE(out.point.flat()[4], 0.5F);
  EXPECT_EQ(distance(Norm::kL0, kMiddle, out.point.row(0)), 1.0);
}

TEST(OnePixel, HowManyRowsTheOracleTakesChangesNothing) {
  const std::vector<float> x(kPicture.size(), 0.5F);
  const Knobs few{{"agents", "30"}, {"steps", "7"}};
  const models::Network network = linear(std::vector<float>(kPicture.size(), 0.1F), 100.0F);
  const Result wanted = run("one-pixel", network, x, 6.0, few, kPicture);
  for (const std::size_t max_rows : {1U, 7U, 30U}) {
    const Result got = run("one-pixel", network, x, 6.0, few, kPicture, max_rows);
    EXPECT_EQ(values(got), values(wanted)) << max_rows;
  }
}

}  // namespace
}  // namespace gibbon::attacks
