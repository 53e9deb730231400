// SPDX-License-Identifier: MIT
// The gate and the comparison of two runs as tables, for a terminal and as Markdown.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/gate/formats.hpp"
#include "reports/gate/words.hpp"
#include "reports/record/text.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::gate {
namespace {

std::string level_name(Finding::Level level) {
  switch (level) {
    case Finding::Level::kFailure: return "FAIL";
    case Finding::Level::kWarning: return "warning";
    case Finding::Level::kNote: break;
  }
  return "note";
}

std::string paint(const std::string& text, int code, table::Colour colour) {
  return colour == table::Colour::kNever ? text : fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

int code_of(Finding::Level level) {
  constexpr int kRed = 31;
  constexpr int kYellow = 33;
  constexpr int kFaint = 2;
  if (level == Finding::Level::kFailure) return kRed;
  return level == Finding::Level::kWarning ? kYellow : kFaint;
}

table::Table table_of(const std::vector<PointResult>& points, const std::string& first,
                      const std::string& second) {
  table::Table table{.columns = {{.head = "point", .align = table::Align::kLeft},
                                 {.head = first},
                                 {.head = second},
                                 {.head = "points [95 % interval]"},
                                 {.head = "lost"},
                                 {.head = "gained"},
                                 {.head = "adjusted p"},
                                 {.head = "verdict", .align = table::Align::kLeft}}};
  for (const PointResult& p : points)
    table.rows.push_back({p.name, rate_text(p.before, p.paired.n), rate_text(p.now, p.paired.n),
                          points_text(p), p.paired.lost, p.paired.gained,
                          fmt::format("{:.2g}", p.adjusted), to_string(p.verdict)});
  return table;
}

std::string terminal_table(const table::Table& table) {
  return render_text(table, table::Colour::kNever, "  ");
}

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

std::vector<std::string> lines_below(const GateResult& result) {
  std::vector<std::string> lines;
  for (const RequirementResult& r : result.requirements) lines.push_back(requirement_line(r));
  if (!result.strength.empty()) lines.push_back(strength_line(result));
  for (const SpeedResult& r : result.speed)
    lines.push_back(
        fmt::format("{}: {:.2f} times the baseline's time, relative to the reference workload",
                    printable(r.entry), r.slowdown));
  return lines;
}

}  // namespace

std::string to_text(const GateResult& result, table::Colour colour) {
  std::string text = result.title + "\n";
  if (!result.baseline.empty()) text += fmt::format("baseline {}\n", result.baseline);
  if (!result.findings.empty()) text += "\n";
  for (const Finding& f : result.findings) {
    text += fmt::format("{} {} {}: {}\n",
                        paint(record::pad_right(level_name(f.level), 7), code_of(f.level), colour),
                        printable(f.subject), f.what, f.text);
  }
  if (!result.points.empty()) {
    text += fmt::format("\n{}\n{}\n", terminal_table(table_of(result.points, "baseline", "now")),
                        rule_text(result));
  }
  for (const std::string& line : lines_below(result)) text += line + "\n";
  constexpr int kBoldGreen = 32;
  return text + "\n" + paint(result.verdict(), result.passed() ? kBoldGreen : 31, colour) + "\n";
}

std::string to_markdown(const GateResult& result) {
  std::string text =
      fmt::format("## {} {}\n\n{}", result.passed() ? "✅" : "❌",
                  record::escape_markdown(result.verdict()), record::escape_markdown(result.title));
  if (!result.baseline.empty())
    text += fmt::format("; baseline {}", record::escape_markdown(result.baseline));
  text += "\n\n";
  for (const Finding& f : result.findings) {
    text +=
        fmt::format("- **{}** {} {}: {}\n", level_name(f.level), record::escape_markdown(f.subject),
                    record::escape_markdown(f.what), record::escape_markdown(f.text));
  }
  if (!result.findings.empty()) text += "\n";
  if (!result.points.empty()) {
    text += fmt::format("{}\n{}\n\n", render_markdown(table_of(result.points, "baseline", "now")),
                        record::escape_markdown(rule_text(result)));
  }
  for (const std::string& line : lines_below(result))
    text += fmt::format("- {}\n", record::escape_markdown(line));
  return text;
}

std::string compare_text(const Snapshot& first, const Snapshot& second, const Criteria& criteria) {
  std::string text =
      fmt::format("A  {}\nB  {}\n\n{}", title_of(first), title_of(second),
                  terminal_table(table_of(compare_points(first, second, criteria), "A", "B")));
  for (const std::string& line : differences(first, second, {"A", "B"})) text += line + "\n";
  return text;
}

std::string compare_markdown(const Snapshot& first, const Snapshot& second,
                             const Criteria& criteria) {
  std::string text =
      fmt::format("A: {}\n\nB: {}\n\n{}\n", record::escape_markdown(title_of(first)),
                  record::escape_markdown(title_of(second)),
                  render_markdown(table_of(compare_points(first, second, criteria), "A", "B")));
  for (const std::string& line : differences(first, second, {"A", "B"}))
    text += fmt::format("- {}\n", record::escape_markdown(line));
  return text;
}

}  // namespace gibbon::reports::gate
