// SPDX-License-Identifier: MIT
// Two runs side by side, for a terminal and as Markdown.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "reports/gate/formats.hpp"
#include "reports/gate/tables.hpp"
#include "reports/gate/words.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

table::Table table_of(const std::vector<PointResult>& points) {
  return table_of(points, "A", "B", Rows::kAll);
}

/// Below the table: which samples B newly breaks where it is worse, then what is not the same.
std::vector<std::string> lines_of(const Snapshot& first, const Snapshot& second,
                                  const std::vector<PointResult>& points) {
  std::vector<std::string> lines;
  for (const PointResult& p : points) {
    if (p.verdict == Verdict::kWorse && p.repeats.empty())
      lines.push_back(samples_text(p.name + ", right in A and wrong in B", p.lost));
  }
  std::ranges::move(differences(first, second, {"A", "B"}), std::back_inserter(lines));
  return lines;
}

}  // namespace

std::string compare_text(const Snapshot& first, const Snapshot& second, const Criteria& criteria) {
  const std::vector<PointResult> points = compare_points(first, second, criteria);
  std::string text = fmt::format("A  {}\nB  {}\n\n{}", title_of(first), title_of(second),
                                 render_text(table_of(points), table::Colour::kNever, "  "));
  for (const std::string& line : lines_of(first, second, points)) text += line + "\n";
  return text;
}

std::string compare_markdown(const Snapshot& first, const Snapshot& second,
                             const Criteria& criteria) {
  const std::vector<PointResult> points = compare_points(first, second, criteria);
  std::string text =
      fmt::format("A: {}\n\nB: {}\n\n{}\n", record::escape_markdown(title_of(first)),
                  record::escape_markdown(title_of(second)), render_markdown(table_of(points)));
  for (const std::string& line : lines_of(first, second, points))
    text += fmt::format("- {}\n", record::escape_markdown(line));
  return text;
}

}  // namespace gibbon::reports::gate
