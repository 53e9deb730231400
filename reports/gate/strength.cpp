// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "reports/gate/gate.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

/// A distance this much larger is another one; below, rounding of another machine shows.
constexpr double kFarther = 1.01;

std::string entry_of(const Strength& strength) {
  return fmt::format("{} {} on the reference network", printable(strength.attack), strength.norm);
}

StrengthResult by_outcome(const Strength& then, const Strength& now, std::size_t budget) {
  // Broken is the reverse of right: what the attack lost, the network stands.
  const Paired paired = count_paired(then.broken[budget], now.broken[budget]);
  return {.entry = entry_of(then),
          .name = fmt::format("{} {} {} on the reference network", printable(then.attack),
                              then.norm, record::compact(then.epsilons[budget])),
          .n = paired.n,
          .weaker = paired.lost,
          .stronger = paired.gained};
}

StrengthResult by_distance(const Strength& then, const Strength& now) {
  StrengthResult result{.entry = entry_of(then),
                        .name = fmt::format("{} {} distance on the reference network",
                                            printable(then.attack), then.norm),
                        .n = then.nearest.size()};
  for (std::size_t k = 0; k < then.nearest.size(); ++k) {
    if (now.nearest[k] > kFarther * then.nearest[k]) ++result.weaker;
    if (then.nearest[k] > kFarther * now.nearest[k]) ++result.stronger;
  }
  return result;
}

void require_same(const std::vector<Strength>& then, const std::vector<Strength>& now) {
  const auto same = [](const Strength& a, const Strength& b) {
    return a.attack == b.attack && a.norm == b.norm && a.epsilons == b.epsilons &&
           a.nearest.size() == b.nearest.size();
  };
  if (std::ranges::equal(then, now, same)) return;
  throw record::Refusal(
      "not comparable: the baseline's attacks were measured on another reference network or at "
      "other budgets; make a new baseline with 'gibbon baseline'");
}

}  // namespace

std::vector<StrengthResult> compare_strength(const Snapshot& baseline, const Snapshot& now,
                                             double alpha) {
  require_same(baseline.strength, now.strength);
  std::vector<StrengthResult> results;
  for (std::size_t k = 0; k < now.strength.size(); ++k) {
    for (std::size_t budget = 0; budget < now.strength[k].epsilons.size(); ++budget)
      results.push_back(by_outcome(baseline.strength[k], now.strength[k], budget));
    results.push_back(by_distance(baseline.strength[k], now.strength[k]));
  }
  std::vector<double> p;
  p.reserve(results.size());
  for (const StrengthResult& r : results)
    p.push_back(mcnemar_p({.n = r.n, .lost = r.weaker, .gained = r.stronger}));
  const std::vector<double> adjusted = holm(p);
  for (std::size_t k = 0; k < results.size(); ++k) {
    results[k].adjusted = adjusted[k];
    if (adjusted[k] > alpha) continue;
    results[k].verdict = results[k].weaker > results[k].stronger
                             ? StrengthResult::Verdict::kWeaker
                             : StrengthResult::Verdict::kStronger;
  }
  return results;
}

}  // namespace gibbon::reports::gate
