// SPDX-License-Identifier: MIT
// Two runs side by side, for a terminal and as Markdown.
#include <fmt/format.h>

#include "reports/gate/formats.hpp"
#include "reports/gate/tables.hpp"
#include "reports/gate/words.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

table::Table both(const Snapshot& first, const Snapshot& second, const Criteria& criteria) {
  return table_of(compare_points(first, second, criteria), "A", "B", Rows::kAll);
}

}  // namespace

std::string compare_text(const Snapshot& first, const Snapshot& second, const Criteria& criteria) {
  std::string text =
      fmt::format("A  {}\nB  {}\n\n{}", title_of(first), title_of(second),
                  render_text(both(first, second, criteria), table::Colour::kNever, "  "));
  for (const std::string& line : differences(first, second, {"A", "B"})) text += line + "\n";
  return text;
}

std::string compare_markdown(const Snapshot& first, const Snapshot& second,
                             const Criteria& criteria) {
  std::string text = fmt::format("A: {}\n\nB: {}\n\n{}\n", record::escape_markdown(title_of(first)),
                                 record::escape_markdown(title_of(second)),
                                 render_markdown(both(first, second, criteria)));
  for (const std::string& line : differences(first, second, {"A", "B"}))
    text += fmt::format("- {}\n", record::escape_markdown(line));
  return text;
}

}  // namespace gibbon::reports::gate
