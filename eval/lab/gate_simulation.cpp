// SPDX-License-Identifier: MIT
#include "eval/lab/gate_simulation.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "base/rng.hpp"

namespace gibbon::eval::lab {
namespace {

using reports::gate::Paired;
using reports::gate::PointResult;
using reports::gate::Verdict;

/// The rates of the baseline, falling.
std::vector<double> rates_of(std::size_t points) {
  std::vector<double> rates(points, 0.95);
  for (std::size_t k = 1; k < points; ++k)
    rates[k] = 0.95 - 0.9 * static_cast<double>(k) / static_cast<double>(points - 1);
  return rates;
}

/// The first point at which a sample of strength u falls.
std::size_t falls_at(const std::vector<double>& rates, double u) {
  return static_cast<std::size_t>(std::ranges::lower_bound(rates, u, std::ranges::greater_equal{}) -
                                  rates.begin());
}

/// Back into [0, 1] from either end: what is even stays even, so that no true change is none.
double reflected(double u) {
  const double positive = std::abs(u);
  return positive <= 1.0 ? positive : 2.0 - positive;
}

std::vector<reports::gate::Paired> draw(const GateSimulation& simulation,
                                        const std::vector<double>& rates,
                                        std::uint64_t repetition) {
  // Where a sample starts and stops to be lost or gained; sums over points give the counts.
  std::vector<std::int64_t> lost(rates.size() + 1, 0);
  std::vector<std::int64_t> gained(rates.size() + 1, 0);
  Rng rng(simulation.seed, repetition, "gate simulation");
  const double up = 0.5 * (1.0 + simulation.drop / simulation.disagreement);
  for (std::uint64_t n = 0; n < simulation.n; ++n) {
    const double u = rng.unit();
    const double step = simulation.disagreement * rng.exponential();
    const std::size_t before = falls_at(rates, u);
    const std::size_t now = falls_at(rates, reflected(rng.unit() < up ? u + step : u - step));
    ++(now < before ? lost[now] : gained[before]);
    --(now < before ? lost[before] : gained[now]);
  }
  std::vector<reports::gate::Paired> counts;
  std::int64_t lost_here = 0;
  std::int64_t gained_here = 0;
  for (std::size_t k = 0; k < rates.size(); ++k) {
    lost_here += lost[k];
    gained_here += gained[k];
    counts.push_back({.n = simulation.n,
                      .lost = static_cast<std::uint64_t>(lost_here),
                      .gained = static_cast<std::uint64_t>(gained_here)});
  }
  return counts;
}

}  // namespace

GateRates simulate_gate(const GateSimulation& simulation) {
  const std::vector<double> rates = rates_of(simulation.points);
  GateRates sum{.repetitions = simulation.repetitions};
  for (std::uint64_t r = 0; r < simulation.repetitions; ++r) {
    const auto results =
        reports::gate::judge_points(draw(simulation, rates, r), simulation.criteria);
    const auto any = [&](reports::gate::Verdict verdict) {
      return std::ranges::find(results, verdict, &reports::gate::PointResult::verdict) !=
             results.end();
    };
    const bool worse = any(reports::gate::Verdict::kWorse);
    const bool better = any(reports::gate::Verdict::kBetter);
    if (worse) ++sum.any_worse;
    if (better) ++sum.any_better;
    if (worse || better) ++sum.any_alarm;
    switch (results[results.size() / 2].verdict) {
      case reports::gate::Verdict::kWorse: ++sum.middle_worse; break;
      case reports::gate::Verdict::kBetter: ++sum.middle_better; break;
      case reports::gate::Verdict::kUnchanged: ++sum.middle_unchanged; break;
      case reports::gate::Verdict::kCannotTell: ++sum.middle_cannot_tell; break;
    }
  }
  return sum;
}

std::string to_text(const GateSimulation& simulation, const GateRates& rates) {
  std::string text = fmt::format(
      "n = {}, {} points, true drop {:.4g} points, disagreement {:.4g} %, margin {:.4g} points, "
      "alpha {:.4g}, {} repetitions\n",
      simulation.n, simulation.points, 100.0 * simulation.drop, 100.0 * simulation.disagreement,
      100.0 * simulation.criteria.margin, simulation.criteria.alpha, rates.repetitions);
  const auto line = [&](const char* what, std::uint64_t count) {
    const reports::record::Interval interval = reports::record::wilson95(count, rates.repetitions);
    text += fmt::format("{:<36}{:7.2f} %  (95 % interval {:.2f}-{:.2f} %)\n", what,
                        100.0 * static_cast<double>(count) / static_cast<double>(rates.repetitions),
                        100.0 * interval.low, 100.0 * interval.high);
  };
  line("some point worse", rates.any_worse);
  line("some point better", rates.any_better);
  line("some point worse or better", rates.any_alarm);
  line("the point in the middle: worse", rates.middle_worse);
  line("the point in the middle: better", rates.middle_better);
  line("the point in the middle: unchanged", rates.middle_unchanged);
  line("the point in the middle: cannot tell", rates.middle_cannot_tell);
  return text;
}

}  // namespace gibbon::eval::lab
