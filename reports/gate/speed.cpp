// SPDX-License-Identifier: MIT
#include <algorithm>
#include <fmt/format.h>

#include "reports/gate/gate.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::gate {
namespace {

constexpr double kShortest = 0.5;  // seconds; below, starting up and other processes show

}  // namespace

std::vector<SpeedResult> compare_speed(const Snapshot& baseline, const Snapshot& now,
                                       double max_slowdown) {
  if (baseline.speed.empty() || now.speed.empty()) {
    throw record::Refusal(
        fmt::format("--max-slowdown {}: {} was not timed with the reference workload; repeat it "
                    "with this gibbon, or omit the option",
                    max_slowdown, baseline.speed.empty() ? "the baseline" : "this run"));
  }
  std::vector<SpeedResult> results;
  for (const Speed& is : now.speed) {
    const auto then = std::ranges::find(baseline.speed, is.entry, &Speed::entry);
    if (then == baseline.speed.end()) continue;
    SpeedResult& result = results.emplace_back(SpeedResult{
        .entry = is.entry, .slowdown = then->ratio > 0.0 ? is.ratio / then->ratio : 1.0});
    if (std::min(is.seconds, then->seconds) < kShortest) {
      result.verdict = SpeedResult::Verdict::kTooShort;
    } else if (result.slowdown > max_slowdown) {
      result.verdict = SpeedResult::Verdict::kSlower;
    }
  }
  return results;
}

}  // namespace gibbon::reports::gate
