// SPDX-License-Identifier: MIT
#include "eval/lab/gate_simulation.hpp"

#include <gtest/gtest.h>

namespace gibbon::eval::lab {
namespace {

// The gate's promises, on fixed seeds: a rate of the text may be missed by no more than what 2,000
// repetitions scatter, which Wilson's interval says.

TEST(GateSimulation, FalseAlarmsStayBelowAlphaOverThirteenPoints) {
  // The hardest case without a margin: no true change, any verdict but "unchanged" and "cannot
  // tell" is false.
  const GateSimulation exact{.repetitions = 2000, .criteria = {.margin = 0.0}};
  const GateRates rates = simulate_gate(exact);
  EXPECT_LE(reports::record::wilson95(rates.any_alarm, rates.repetitions).low, 0.05);
  EXPECT_LE(rates.any_alarm, 100U);
  EXPECT_GE(rates.any_alarm, 20U) << "so seldom that the level is given away";
}

TEST(GateSimulation, ADropOfTheMarginIsHarmless) {
  // On the border of what counts as harmless, only "worse" is false and half of alpha is its share.
  const GateRates rates =
      simulate_gate({.drop = 0.003, .repetitions = 2000, .criteria = {.margin = 0.003}});
  EXPECT_LE(rates.any_alarm, 100U);
  EXPECT_GE(rates.any_worse, 1U);
  EXPECT_EQ(rates.any_better, 0U);
}

TEST(GateSimulation, APointOfDropIsSeenInTenThousandSamples) {
  const GateRates rates = simulate_gate({.drop = 0.01});
  EXPECT_GE(rates.middle_worse, 900U) << "power at one given point";
  EXPECT_EQ(rates.any_better, 0U);
  const GateRates few = simulate_gate({.n = 1000, .drop = 0.01});
  EXPECT_LE(few.middle_worse, 200U);
  EXPECT_GE(few.middle_cannot_tell, 800U) << "and the gate says so";
}

TEST(GateSimulation, DrawsWhatItIsAskedFor) {
  // With every repetition judged at a margin far away, "unchanged" is all that is left.
  const GateRates rates =
      simulate_gate({.n = 5000, .drop = 0.01, .repetitions = 50, .criteria = {.margin = 0.1}});
  EXPECT_EQ(rates.middle_unchanged, 50U);
  // A gain mirrors a drop.
  const GateRates gain = simulate_gate({.drop = -0.01, .repetitions = 200});
  EXPECT_GE(gain.middle_better, 180U);
  EXPECT_EQ(gain.any_worse, 0U);
}

TEST(GateSimulation, SaysItsRatesWithIntervals) {
  const std::string text =
      to_text({.repetitions = 1000}, {.repetitions = 1000, .any_worse = 50, .middle_worse = 1000});
  EXPECT_NE(text.find("some point worse                       5.00 %  (95 % interval 3.81-6.53 %)"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace gibbon::eval::lab
