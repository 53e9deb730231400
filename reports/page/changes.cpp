// SPDX-License-Identifier: MIT
#include "reports/page/changes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <stdexcept>

#include "reports/gate/tables.hpp"
#include "reports/page/html_parts.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::page {
namespace {

/// The rows of a curve that can tell what was said at a point: its own; of the worst case those of
/// every attack at its ε; of the clean accuracy all.
bool tells_of(const record::CurvePoint& row, const gate::Point& point) {
  if (point.kind == record::RowKind::kClean) return true;
  if (row.norm != point.norm || row.epsilon != point.epsilon) return false;
  return row.attack == point.attack || point.kind == record::RowKind::kWorstCase;
}

/// What a side says to its k-th sample, of class `label`. A baseline has no records, but what is
/// right is the label.
Answer answer_of(const Side& side, const gate::Point& point, std::size_t k, int label) {
  const bool right = point.right[k] != 0;
  const std::size_t rows = side.run == nullptr ? 0 : side.run->curve.size();
  for (std::size_t row = 0; row < rows; ++row) {
    const auto records = side.run->records(row);
    if (records.empty() || !tells_of(side.run->curve[row], point)) continue;
    const record::SampleRecord& r = records[k];
    const bool clean = point.kind == record::RowKind::kClean;
    // The untouched sample has a record of its own wherever it is not fooled.
    const bool fooled = r.fooled != 0;
    const bool fits = clean || right || r.clean_label != r.label ? !fooled : fooled;
    if (fits) return {.label = r.found_label, .confidence = double{r.confidence}};
  }
  return {.label = right ? label : -1};
}

Changes changes_at(const Side& before, const gate::Point& a, const Side& now,
                   const gate::Point& b) {
  const gate::Snapshot& known = before.run != nullptr ? *before.snapshot : *now.snapshot;
  Changes changes{
      .attack = a.attack, .norm = a.norm, .epsilon = a.epsilon, .lost = {}, .gained = {}};
  for (std::size_t k = 0; k < a.right.size(); ++k) {
    if (a.right[k] == b.right[k]) continue;
    (a.right[k] != 0 ? changes.lost : changes.gained)
        .push_back({.id = known.ids[k],
                    .label = known.labels[k],
                    .before = answer_of(before, a, k, known.labels[k]),
                    .now = answer_of(now, b, k, known.labels[k])});
  }
  return changes;
}

}  // namespace

Comparison compare(const Side& before, const Side& now, const gate::Criteria& criteria) {
  if (before.run == nullptr && now.run == nullptr)
    throw std::logic_error("page::compare: two baselines have nothing to draw");
  Comparison comparison{
      .names = {before.name, now.name},
      .verdicts = gate::compare_points(*before.snapshot, *now.snapshot, criteria),
      .differences = gate::differences(*before.snapshot, *now.snapshot, {before.name, now.name}),
      .changes = {}};
  for (const gate::Point& a : before.snapshot->points) {
    const auto b = std::ranges::find_if(now.snapshot->points,
                                        [&](const gate::Point& p) { return p.same_as(a); });
    if (b != now.snapshot->points.end())
      comparison.changes.push_back(changes_at(before, a, now, *b));
  }
  return comparison;
}

std::string verdicts_section(const Comparison& comparison) {
  if (comparison.verdicts.empty()) return "";
  const auto& [first, second] = comparison.names;
  std::string html = fmt::format("<h2>{} against {}</h2>\n", record::escape_html(second),
                                 record::escape_html(first));
  html += paragraph(
      "facts", "Sample by sample, with the tests of gibbon check: lost samples were right in " +
                   first + " and are wrong in " + second + ", gained ones the reverse.");
  html +=
      render_html(gate::table_of(comparison.verdicts, first, second, gate::Rows::kAll), "numbers");
  if (!comparison.differences.empty()) html += list(comparison.differences);
  return html;
}

}  // namespace gibbon::reports::page
