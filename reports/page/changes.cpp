// SPDX-License-Identifier: MIT
#include "reports/page/changes.hpp"

#include <algorithm>
#include <span>

#include "reports/gate/gate.hpp"

namespace gibbon::reports::page {
namespace {

/// The records of a point: of its row, or, for the clean accuracy, of any.
std::span<const record::SampleRecord> records_of(const record::Run& run, const gate::Point& point) {
  for (std::size_t row = 0; row < run.curve.size(); ++row) {
    const record::CurvePoint& at = run.curve[row];
    const bool same =
        at.attack == point.attack && at.norm == point.norm && at.epsilon == point.epsilon;
    if (!same && point.kind != record::RowKind::kClean) continue;
    return run.records(row);
  }
  return {};
}

int said(const gate::Point& point, std::span<const record::SampleRecord> records, std::size_t k) {
  if (k >= records.size()) return -1;
  const record::SampleRecord& r = records[k];
  if (point.right[k] != 0) return r.label;
  if (r.clean_label != r.label) return r.clean_label;
  return r.fooled != 0 ? r.found_label : -1;
}

}  // namespace

std::vector<Changes> changes_between(const record::Run& before, const record::Run& now) {
  const std::vector<gate::Point> first = gate::outcomes_of(before);
  const std::vector<gate::Point> second = gate::outcomes_of(now);
  std::vector<Changes> all;
  for (const gate::Point& a : first) {
    const auto b =
        std::ranges::find_if(second, [&](const gate::Point& point) { return point.same_as(a); });
    if (b == second.end()) continue;
    Changes& changes = all.emplace_back(Changes{
        .attack = a.attack, .norm = a.norm, .epsilon = a.epsilon, .lost = {}, .gained = {}});
    const auto records_before = records_of(before, a);
    const auto records_now = records_of(now, *b);
    for (std::size_t k = 0; k < a.right.size(); ++k) {
      if (a.right[k] == b->right[k]) continue;
      (a.right[k] != 0 ? changes.lost : changes.gained)
          .push_back({.id = before.samples[k].id,
                      .label = before.samples[k].label,
                      .before = said(a, records_before, k),
                      .now = said(*b, records_now, k)});
    }
  }
  return all;
}

}  // namespace gibbon::reports::page
