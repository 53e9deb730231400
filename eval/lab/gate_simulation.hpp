// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "reports/gate/comparison.hpp"

namespace gibbon::eval::lab {

/// Two models whose true difference is known, compared again and again on fresh samples.
struct GateSimulation {
  std::uint64_t n = 10000;  ///< samples
  std::uint64_t points = 13;
  double drop = 0.0;           ///< true fall of the rate at every point, a fraction
  double disagreement = 0.02;  ///< share of samples that change at a point; |drop| at least
  std::uint64_t repetitions = 1000;
  std::uint64_t seed = 0;
  reports::gate::Criteria criteria;
};

/// In how many of the repetitions …
struct GateRates {
  std::uint64_t repetitions = 0;
  std::uint64_t any_worse = 0;   ///< … some point was called worse
  std::uint64_t any_better = 0;  ///< … some point was called better
  std::uint64_t any_alarm = 0;   ///< … either
  std::uint64_t middle_worse = 0;
  std::uint64_t middle_better = 0;
  std::uint64_t middle_unchanged = 0;
  std::uint64_t middle_cannot_tell = 0;  ///< … that was said of the point in the middle
};

/// Draws paired curves and lets the gate judge them. A sample has one strength u, even in [0, 1),
/// and stands at a point while u is below the point's rate, rates falling evenly from 0.95 to 0.05:
/// so curves never rise and neighbouring points share samples. The other model moves u up or down
/// by an exponential step of mean `disagreement`, reflected at 0 and 1; up a little likelier, by as
/// much as gives `drop`.
[[nodiscard]] GateRates simulate_gate(const GateSimulation& simulation);

/// The rates with Wilson's 95 % intervals, a line each.
[[nodiscard]] std::string to_text(const GateSimulation& simulation, const GateRates& rates);

}  // namespace gibbon::eval::lab
