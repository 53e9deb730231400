// SPDX-License-Identifier: MIT
#include "eval/certify/certify.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "eval/judge/comparer.hpp"
#include "eval/sweep/attack_spec.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::certify {
namespace {

using testing::ThrowsMessage;

void unheard(std::size_t /*done*/, std::size_t /*total*/) {}

/// The last is wrong.
datasets::Dataset points() {
  return judge::pairs(
      std::vector<std::array<float, 2>>{{0.75F, 0.25F}, {0.5F, 0.25F}, {0.25F, 0.5F}});
}

// x_0 - x_1 shrinks by 2 ε in linf, √2 ε in l2 and ε in l1.
TEST(Certify, RadiiOfALinearModelAreItsDistances) {
  for (const auto& [norm, slope] :
       {std::pair{attacks::Norm::kLinf, 2.0}, std::pair{attacks::Norm::kL2, std::sqrt(2.0)},
        std::pair{attacks::Norm::kL1, 1.0}}) {
    const CertifyResult result =
        certify(judge::comparer(), points(),
                {.norm = norm, .epsilons = {0.05, 0.15}, .radius = Radius::kBisect}, unheard);
    EXPECT_EQ(result.clean_correct, 2U);
    for (const auto& [n, gap] : {std::pair{0U, 0.5}, std::pair{1U, 0.25}}) {
      const double radius = result.samples[n].certified;
      EXPECT_LE(radius, gap / slope);
      EXPECT_NEAR(radius, gap / slope, 1.3e-5 * gap / slope);
    }
    EXPECT_EQ(result.samples[2].certified, -1.0);
    EXPECT_EQ(result.samples[2].attacked, 0.0);
  }
}

TEST(Certify, CountsOnlyWhatIsRightAndProved) {
  const CertifyResult result =
      certify(judge::comparer(), points(), {.epsilons = {0.0, 0.1, 0.2, 0.3}}, unheard);
  std::vector<std::uint64_t> counts;
  for (const reports::record::CertifiedPoint& point : result.curve)
    counts.push_back(point.certified);
  EXPECT_THAT(counts, testing::ElementsAre(2, 2, 1, 0));
  EXPECT_EQ(result.samples[0].certified, 0.2);
  EXPECT_EQ(result.samples[1].id, 11U);
}

TEST(Certify, WhatASweepBrokeIsNotAskedAgain) {
  const CertifyResult result = certify(
      judge::comparer(), points(), {.epsilons = {0.1, 0.3}, .attacked = {0.25, 0.2, 0.0}}, unheard);
  std::vector<std::uint64_t> attacked;
  for (const reports::record::CertifiedPoint& point : result.curve)
    attacked.push_back(point.attacked);
  EXPECT_THAT(attacked, testing::ElementsAre(1, 3));
}

// A lead of half a unit of float32 is one in real arithmetic, and not one of inference in float32.
TEST(Certify, StricterLevelsProveLess) {
  const datasets::Dataset close =
      judge::pairs(std::vector<std::array<float, 2>>{{0.5F, 0.5F - 0x1p-25F}});
  const auto certified = [&](verify::Soundness soundness) {
    return certify(judge::comparer(), close,
                   {.epsilons = {1e-10}, .limits = {.nodes = 0, .soundness = soundness}}, unheard)
        .curve[0]
        .certified;
  };
  EXPECT_EQ(certified(verify::Soundness::kReal), 1U);
  EXPECT_EQ(certified(verify::Soundness::kDouble), 1U);
  EXPECT_EQ(certified(verify::Soundness::kFloat32), 0U);
}

TEST(Certify, RefusesL0) {
  EXPECT_THAT(
      [] {
        static_cast<void>(certify(judge::comparer(), points(),
                                  {.norm = attacks::Norm::kL0, .epsilons = {1.0}}, unheard));
      },
      ThrowsMessage<Error>(
          "--norm l0: nothing can be certified in it; allowed are linf, l2 and l1"));
}

// The two ends of the band never cross: what PGD breaks is not certified, at any ε.
TEST(Certify, NothingThatAnAttackBreaksIsCertified) {
  if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES to the folder with mlp/seed_relu.onnx, GIBBON_DATA to that "
                    "with mnist/";
  }
  const models::Network network =
      models::read_model(environment("GIBBON_ORACLES") + "/mlp/seed_relu.onnx").network;
  const datasets::Dataset data =
      datasets::select(datasets::load("mnist", {.split = "test"}), "0:120");
  const std::vector<double> epsilons{0.01, 0.02, 0.03, 0.05};
  const CertifyResult proved = certify(
      network, data, {.epsilons = epsilons, .radius = Radius::kBisect, .threads = 2}, unheard);
  const CertifyResult again = certify(
      network, data, {.epsilons = epsilons, .radius = Radius::kBisect, .threads = 1}, unheard);
  sweep::SweepPlan plan{.norms = {attacks::Norm::kLinf}, .epsilons = epsilons, .threads = 2};
  plan.attacks.push_back(sweep::parse_entry("pgd"));
  const sweep::SweepResult attacked =
      sweep::sweep(network, data, plan, [](const sweep::SweepStatus&) {});
  std::size_t broken = 0;
  for (std::size_t e = 0; e < epsilons.size(); ++e) {
    for (std::size_t n = 0; n < data.size(); ++n) {
      const reports::record::SampleRecord& record = attacked.samples[e * data.size() + n];
      ASSERT_EQ(record.id, proved.samples[n].id);
      if (record.broken == 0) continue;
      ++broken;
      EXPECT_LT(proved.samples[n].certified, epsilons[e]) << "sample " << record.id;
    }
    EXPECT_GT(proved.curve[e].certified, 0U);
    EXPECT_LE(proved.curve[e].certified, attacked.curve[e].correct);
    EXPECT_TRUE(e == 0 || proved.curve[e].certified <= proved.curve[e - 1].certified);
  }
  EXPECT_GT(broken, 120U);
  for (std::size_t n = 0; n < data.size(); ++n) {
    EXPECT_EQ(proved.samples[n].certified, again.samples[n].certified) << "threads";
  }
}

}  // namespace
}  // namespace gibbon::eval::certify
