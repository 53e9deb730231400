// SPDX-License-Identifier: MIT
#include "reports/gate/tables.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "reports/gate/words.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

std::string requirement_line(const RequirementResult& r) {
  return fmt::format("{}: {}, {} of {} = {:.4f}, 95 % interval {:.4f}-{:.4f}", r.requirement.name(),
                     r.met() ? "met" : "missed", record::grouped(r.correct), record::grouped(r.n),
                     static_cast<double>(r.correct) / static_cast<double>(r.n), r.interval.low,
                     r.interval.high);
}

/// How much of what the attacks did to the reference network is not what it was.
std::string strength_line(const GateResult& result) {
  const auto changed = std::ranges::count_if(
      result.strength, [](const StrengthResult& r) { return r.weaker + r.stronger > 0; });
  return fmt::format(
      "Attack strength on the reference network: {} comparisons of {} samples, {} with any change",
      result.strength.size(), result.strength.front().n, changed);
}

}  // namespace

std::string level_name(Finding::Level level) {
  switch (level) {
    case Finding::Level::kFailure: return "FAIL";
    case Finding::Level::kWarning: return "warning";
    case Finding::Level::kNote: break;
  }
  return "note";
}

table::Table table_of(const std::vector<PointResult>& points, const std::string& first,
                      const std::string& second, Rows rows) {
  table::Table table{.columns = {{.head = "point", .align = table::Align::kLeft},
                                 {.head = first},
                                 {.head = second},
                                 {.head = "points [95 % interval]"},
                                 {.head = "lost"},
                                 {.head = "gained"},
                                 {.head = "adjusted p"},
                                 {.head = "verdict", .align = table::Align::kLeft}}};
  for (const PointResult& p : points) {
    const bool plain = p.verdict == Verdict::kUnchanged || !p.repeats.empty();
    if (rows == Rows::kChanged && plain) continue;
    table.rows.push_back({p.name, rate_text(p.before, p.paired.n), rate_text(p.now, p.paired.n),
                          points_text(p), p.paired.lost, p.paired.gained,
                          fmt::format("{:.2g}", p.adjusted),
                          p.repeats.empty() ? to_string(p.verdict) : "as " + p.repeats});
  }
  return table;
}

std::vector<std::string> lines_below(const GateResult& result) {
  std::vector<std::string> lines;
  for (const RequirementResult& r : result.requirements) lines.push_back(requirement_line(r));
  if (!result.strength.empty()) lines.push_back(strength_line(result));
  for (const SpeedResult& r : result.speed)
    lines.push_back(
        fmt::format("{}: {:.2f} times the baseline's time, relative to the reference workload",
                    printable(r.entry), r.slowdown));
  for (const Finding& f : headlines(result)) {
    if (f.level == Finding::Level::kNote)
      lines.push_back(fmt::format("note: {} {}: {}", f.subject, f.what, f.text));
  }
  return lines;
}

}  // namespace gibbon::reports::gate
