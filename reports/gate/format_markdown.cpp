// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "reports/gate/formats.hpp"
#include "reports/gate/tables.hpp"
#include "reports/gate/words.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

using record::escape_markdown;

std::string bullet(const Finding& f) {
  std::string text =
      fmt::format("- **{}** {} {}: {}", level_name(f.level), escape_markdown(f.subject),
                  escape_markdown(f.what), escape_markdown(f.text));
  if (!f.samples.empty()) text += "; " + escape_markdown(f.samples);
  return text + "\n";
}

}  // namespace

std::string to_markdown(const GateResult& result) {
  std::string text = fmt::format("## {} {}\n\n{}", result.passed() ? "✅" : "❌",
                                 escape_markdown(summary(result)), escape_markdown(result.title));
  if (!result.baseline.empty())
    text += fmt::format("; baseline {}", escape_markdown(result.baseline));
  text += "\n\n";
  for (const Finding& f : headlines(result))
    if (f.level != Finding::Level::kNote) text += bullet(f);
  for (const Advice& on : advice(result)) {
    text += fmt::format("\nWhat to do: {}\n\n", escape_markdown(on.what));
    for (const Advice::Step& step : on.steps) {
      text += fmt::format("- {}\n", escape_markdown(step.text));
      if (!step.command.empty()) text += fmt::format("  {}\n", escape_markdown(step.command));
    }
  }
  // Blank lines, or what stands in the element is no Markdown.
  text += "\n<details><summary>Details</summary>\n\n";
  if (!result.points.empty()) {
    text += fmt::format("{}\n{}\n\n",
                        render_markdown(table_of(result.points, "baseline", "now", Rows::kAll)),
                        escape_markdown(rule_text(result)));
  }
  for (const std::string& line : lines_below(result))
    text += fmt::format("- {}\n", escape_markdown(line));
  return text + "\n</details>\n";
}

}  // namespace gibbon::reports::gate
