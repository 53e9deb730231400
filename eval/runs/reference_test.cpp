// SPDX-License-Identifier: MIT
#include "eval/runs/reference.hpp"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

namespace gibbon::eval::runs {
namespace {

using attacks::Norm;
using reports::gate::Strength;

sweep::SweepPlan plan_of(const std::vector<std::string>& attacks,
                         std::vector<attacks::Norm> norms) {
  sweep::SweepPlan plan{.norms = std::move(norms), .epsilons = {0.1}, .seed = 3};
  for (const std::string& attack : attacks) plan.attacks.push_back(sweep::parse_entry(attack));
  return plan;
}

std::size_t broken(const reports::gate::Strength& strength, std::size_t budget) {
  return static_cast<std::size_t>(std::ranges::count(strength.broken[budget], std::uint8_t{1}));
}

TEST(Reference, StrongAttacksBreakSomeAboutHalfAndMost) {
  const auto strengths = measure_strength(
      plan_of({"autoattack", "fmn"},
              {attacks::Norm::kLinf, attacks::Norm::kL2, attacks::Norm::kL1, attacks::Norm::kL0}),
      3);
  ASSERT_EQ(strengths.size(), 7U) << "autoattack has no l0";
  for (const reports::gate::Strength& strength : strengths) {
    ASSERT_EQ(strength.nearest.size(), 64U);
    EXPECT_GE(broken(strength, 0), 12U) << strength.attack << strength.norm;
    EXPECT_LE(broken(strength, 0), 42U);
    EXPECT_GE(broken(strength, 1), 30U);
    EXPECT_LE(broken(strength, 1), 54U);
    EXPECT_GE(broken(strength, 2), 50U);
  }
}

TEST(Reference, SeesAWeakerAttackAndNothingElse) {
  const auto full = measure_strength(plan_of({"pgd"}, {attacks::Norm::kLinf}), 10);
  const auto lame =
      measure_strength(plan_of({"pgd:steps=1,step=0.01"}, {attacks::Norm::kLinf}), 10);
  EXPECT_GT(broken(full[0], 2), broken(lame[0], 2) + 20);
  // Data, budgets, seed, threads and batch of the sweep do not matter.
  sweep::SweepPlan other = plan_of({"pgd"}, {attacks::Norm::kLinf});
  other.epsilons = {0.0, 0.7};
  other.seed = 99;
  other.threads = 3;
  other.batch = 7;
  const auto again = measure_strength(other, 2);
  EXPECT_EQ(again[0].broken, full[0].broken);
  EXPECT_EQ(again[0].nearest, full[0].nearest);
}

TEST(Reference, FittedAttacksLearnFromOtherPicturesAndKeepWhatTheyKnow) {
  sweep::SweepPlan plan = plan_of({"uap"}, {attacks::Norm::kLinf});
  const auto* before = plan.attacks[0].in(attacks::Norm::kLinf)[0].attack.get();
  const auto strengths = measure_strength(plan, 10);
  EXPECT_EQ(plan.attacks[0].in(attacks::Norm::kLinf)[0].attack.get(), before);
  EXPECT_GT(broken(strengths[0], 2), 20U);
  EXPECT_LT(broken(strengths[0], 0), 12U);
}

TEST(Reference, HasTheClassesATargetMayName) {
  EXPECT_EQ(make_reference_bench(2).network.num_classes(), 10U);
  EXPECT_EQ(make_reference_bench(100).network.num_classes(), 100U);
  EXPECT_EQ(measure_strength(plan_of({"pgd:target=37"}, {attacks::Norm::kLinf}), 100).size(), 1U);
}

TEST(Reference, TheWorkloadIsTimed) {
  const double once = measure_reference_gflops();
  EXPECT_GT(once, 0.001);
  EXPECT_LT(once, 10000.0);
}

}  // namespace
}  // namespace gibbon::eval::runs
