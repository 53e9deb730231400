// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "reports/gate/formats.hpp"
#include "reports/gate/tables.hpp"
#include "reports/gate/words.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

constexpr int kRed = 31;
constexpr int kGreen = 32;
constexpr int kYellow = 33;

std::string paint(const std::string& text, int code, table::Colour colour) {
  return colour == table::Colour::kNever ? text : fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string to_text(const Finding& f, table::Colour colour) {
  const int code = f.level == Finding::Level::kFailure ? kRed : kYellow;
  std::string text = fmt::format("{} {} {}\n        {}\n",
                                 paint(record::pad_right(level_name(f.level), 7), code, colour),
                                 printable(f.subject), f.what, f.text);
  if (!f.samples.empty()) text += fmt::format("        {}\n", f.samples);
  return text;
}

}  // namespace

std::string to_text(const GateResult& result, table::Colour colour) {
  std::string text;
  for (const Finding& f : headlines(result))
    if (f.level != Finding::Level::kNote) text += to_text(f, colour);
  for (const Advice& on : advice(result)) {
    text += fmt::format("\nWhat to do: {}\n", on.what);
    for (const Advice::Step& step : on.steps) {
      text += fmt::format("  {}\n", step.text);
      if (!step.command.empty()) text += fmt::format("    {}\n", step.command);
    }
  }
  if (!text.empty()) text += "\n";
  text += paint(summary(result), result.passed() ? kGreen : kRed, colour) + "\n";
  return text + result.title +
         (result.baseline.empty() ? "\n" : fmt::format("; baseline {}\n", result.baseline));
}

std::string details_text(const GateResult& result, Rows rows) {
  std::string text;
  if (!result.points.empty()) {
    const table::Table table = table_of(result.points, "baseline", "now", rows);
    if (!table.rows.empty()) text += render_text(table, table::Colour::kNever, "  ");
    if (const std::size_t folded = result.points.size() - table.rows.size(); folded > 0)
      text +=
          fmt::format("{} points that are unchanged or repeat another: --all shows them\n", folded);
    text += rule_text(result) + "\n";
  }
  for (const std::string& line : lines_below(result)) text += line + "\n";
  return text;
}

}  // namespace gibbon::reports::gate
