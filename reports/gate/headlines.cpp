// SPDX-License-Identifier: MIT
#include <algorithm>
#include <fmt/format.h>

#include "reports/gate/gate.hpp"
#include "reports/gate/words.hpp"

namespace gibbon::reports::gate {
namespace {

bool told_together(const Finding& a, const Finding& b) {
  return !a.group.empty() && a.group == b.group && a.level == b.level && a.what == b.what;
}

/// "9 of 12 points of pgd linf".
std::string subject_of(const GateResult& result, const std::string& group, std::size_t count) {
  if (group == kOpenPoints) return fmt::format("{} of {} points", count, tested(result));
  const auto points = std::ranges::count_if(
      result.points, [&](const PointResult& p) { return p.entry == group && p.repeats.empty(); });
  if (points > 0) return fmt::format("{} of {} points of {}", count, points, group);
  return fmt::format("{} of {} comparisons of {}", count,
                     std::ranges::count(result.strength, group, &StrengthResult::entry), group);
}

}  // namespace

std::vector<Finding> headlines(const GateResult& result) {
  std::vector<Finding> heads;
  std::vector<std::size_t> counts;
  for (const Finding& finding : result.findings) {
    const auto same = std::ranges::find_if(
        heads, [&](const Finding& head) { return told_together(head, finding); });
    if (same == heads.end()) {
      heads.push_back(finding);
      counts.push_back(1);
      continue;
    }
    ++counts[static_cast<std::size_t>(same - heads.begin())];
    if (finding.size > same->size) *same = finding;
  }
  for (std::size_t k = 0; k < heads.size(); ++k) {
    if (counts[k] == 1) continue;
    heads[k].text = fmt::format("largest at {}: {}", heads[k].subject, heads[k].text);
    heads[k].subject = subject_of(result, heads[k].group, counts[k]);
  }
  return heads;
}

}  // namespace gibbon::reports::gate
