// SPDX-License-Identifier: MIT
#include "reports/page/html_summary.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "reports/page/html_parts.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"
#include "reports/table/html_table.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::page {
namespace {

constexpr std::size_t kMostEpsilons = 4;

/// One model's strongest curve in one norm; null: it has none.
struct Row {
  std::string name;
  record::Panel panel;
  const record::Series* series = nullptr;
};

/// Of one norm, a row per run.
using Rows = std::vector<Row>;

std::vector<std::string> norms_of(std::span<const PageRun> runs) {
  std::vector<std::string> norms;
  for (const PageRun& page : runs)
    for (const record::CurvePoint& point : page.run->curve)
      if (std::ranges::count(norms, point.norm) == 0) norms.push_back(point.norm);
  return norms;
}

Rows rows_of(std::span<const PageRun> runs, const std::string& norm) {
  Rows rows;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    Row& row = rows.emplace_back(Row{.name = run_name(runs, r)});
    for (record::Panel& panel : record::panels_of(*runs[r].run, record::Repeats::kKept))
      if (panel.norm == norm) row.panel = std::move(panel);
  }
  for (Row& row : rows) row.series = row.panel.strongest();
  return rows;
}

/// Above 0, rising: at most kMostEpsilons, evenly spread, the largest among them.
std::vector<double> shown_epsilons(const Rows& rows) {
  std::map<double, std::size_t> count;
  std::size_t measured = 0;
  for (const Row& row : rows) {
    if (row.series == nullptr) continue;
    ++measured;
    for (const record::CurvePoint* point : row.series->points)
      if (point->epsilon > 0.0) ++count[point->epsilon];
  }
  std::vector<double> all;
  std::vector<double> common;
  for (const auto& [epsilon, times] : count) {
    all.push_back(epsilon);
    if (times == measured) common.push_back(epsilon);
  }
  const std::vector<double>& from = common.empty() ? all : common;
  const std::size_t picked = std::min(kMostEpsilons, from.size());
  std::vector<double> shown;
  for (std::size_t k = 1; k <= picked; ++k) shown.push_back(from[k * from.size() / picked - 1]);
  return shown;
}

table::Cell clean_cell(const Row& row) {
  const record::CurvePoint& any = *row.series->points.front();
  return table::Share{.k = any.clean_correct, .n = any.n};
}

std::string norm_table(const Rows& rows, const std::string& norm) {
  const std::vector<double> epsilons = shown_epsilons(rows);
  table::Table summary{.title = "Accuracy of the models, " + record::norm_symbol(norm),
                       .columns = {{.head = "model", .align = table::Align::kLeft},
                                   {.head = "under", .align = table::Align::kLeft},
                                   {.head = "without attack"}}};
  for (const double epsilon : epsilons)
    summary.columns.push_back({.head = fmt::format("{}, ε = {}", record::norm_symbol(norm),
                                                   record::epsilon_text(epsilon))});
  for (const Row& row : rows) {
    std::vector<table::Cell> cells{table::Name{row.name}};
    cells.resize(summary.columns.size(), table::Missing{});
    if (row.series != nullptr) {
      cells[1] = table::Name{row.series->name};
      cells[2] = clean_cell(row);
      for (std::size_t e = 0; e < epsilons.size(); ++e)
        if (const record::CurvePoint* point = row.series->at(epsilons[e]); point != nullptr)
          cells[3 + e] = table::Share{.k = point->correct, .n = point->n};
    }
    summary.rows.push_back(std::move(cells));
  }
  return render_html(summary, "summary");
}

std::string heading(std::span<const PageRun> runs) {
  std::set<std::string> data;
  for (const PageRun& page : runs) {
    const record::Subject subject = record::subject_of(*page.run);
    data.insert(fmt::format("{}, n = {}", subject.data_and_split(), record::grouped(subject.n)));
  }
  return fmt::format("Robustness of {} models on {}", runs.size(), fmt::join(data, " and "));
}

}  // namespace

std::string summary_section(std::span<const PageRun> runs) {
  std::string html = fmt::format("<h1>{}</h1>\n", record::escape_html(heading(runs)));
  const std::vector<std::string> norms = norms_of(runs);
  for (const std::string& norm : norms) html += norm_table(rows_of(runs, norm), norm);
  if (!norms.empty())
    html += paragraph("facts",
                      "Each cell: accuracy, correct of n, 95 % Wilson interval. Colours are those "
                      "of the curves.");
  std::string answers;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const record::Subject subject = record::subject_of(*runs[r].run);
    answers += paragraph(
        "facts", fmt::format("{} on {}, n = {} · ε in {}", run_name(runs, r),
                             subject.data_and_split(), record::grouped(subject.n), subject.units));
    for (const std::string& sentence : record::answers(*runs[r].run))
      answers += paragraph("answer", sentence);
  }
  return html + answers;
}

}  // namespace gibbon::reports::page
