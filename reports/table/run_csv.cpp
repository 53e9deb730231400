// SPDX-License-Identifier: MIT
#include "reports/table/run_csv.hpp"

#include <cmath>
#include <fmt/format.h>

#include "reports/formats/queries.hpp"
#include "reports/record/certified.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {
namespace {

Table with_heads(std::initializer_list<const char*> heads) {
  Table table;
  for (const char* head : heads) table.columns.push_back({.head = head});
  return table;
}

Table curve_table(const record::Run& run) {
  Table table = with_heads({"attack", "norm", "epsilon", "n", "correct", "accuracy", "wilson_low",
                            "wilson_high", "accuracy_on_clean_correct"});
  for (const record::CurvePoint& point : run.curve) {
    const record::Interval interval = record::wilson95(point.correct, point.n);
    table.rows.push_back({point.attack, point.norm, point.epsilon, point.n, point.correct,
                          point.accuracy(), interval.low, interval.high,
                          point.accuracy_on_clean_correct()});
  }
  return table;
}

}  // namespace

std::string to_curve_csv(const record::Run& run) { return render_csv(curve_table(run)); }

std::string to_curves_csv(std::span<const record::NamedRun> runs) {
  if (runs.size() == 1) return to_curve_csv(*runs.front().run);
  Table all;
  for (const record::NamedRun& named : runs) {
    Table one = curve_table(*named.run);
    one.columns.insert(one.columns.begin(), {.head = "model"});
    all.columns = one.columns;
    for (auto& row : one.rows) {
      row.insert(row.begin(), named.name);
      all.rows.push_back(std::move(row));
    }
  }
  return render_csv(all);
}

std::string to_queries_csv(const record::Run& run) {
  Table table = with_heads({"attack", "norm", "epsilon", "queries", "n", "correct", "accuracy"});
  for (std::size_t row = 0; row < run.curve.size(); ++row) {
    const record::CurvePoint& point = run.curve[row];
    for (const formats::QueryPoint& at : formats::query_curve(run, row))
      table.rows.push_back({point.attack, point.norm, point.epsilon, at.queries, point.n,
                            at.correct, Ratio{at.correct, point.n}});
  }
  return render_csv(table);
}

std::string to_distances_csv(const record::Run& run) {
  Table table =
      with_heads({"attack", "norm", "n", "found", "lower_quartile", "median", "upper_quartile"});
  for (const record::DistanceSummary& d : run.distances)
    table.rows.push_back(
        {d.attack, d.norm, d.n, d.found, d.lower_quartile, d.median, d.upper_quartile});
  return render_csv(table);
}

std::string to_certified_csv(const record::Run& run) {
  Table table =
      with_heads({"norm", "epsilon", "n", "certified", "attacked", "undecided", "clean_correct"});
  for (const char* name : record::kVerdicts)
    for (const char* what : {"share", "low", "high"})
      table.columns.push_back({.head = fmt::format("{}_{}", name, what)});
  for (const record::Certificates& certificates : run.certificates) {
    for (const record::CertifiedPoint& point : certificates.curve) {
      auto& row = table.rows.emplace_back(
          std::vector<Cell>{certificates.norm, point.epsilon, point.n, point.certified,
                            point.attacked, point.undecided(), certificates.clean_correct});
      for (const std::uint64_t k : record::counts_of(point)) {
        const record::Interval interval = record::wilson95(k, point.n);
        row.insert(row.end(), {Share{.k = k, .n = point.n}, interval.low, interval.high});
      }
    }
  }
  return render_csv(table);
}

std::string to_radii_csv(const record::Run& run) {
  const auto known = [](double value, bool is_known) {
    return is_known ? Cell(value) : Cell(Missing{});
  };
  Table table =
      with_heads({"norm", "id", "label", "predicted", "certified", "attacked", "method", "reason"});
  for (const record::Certificates& certificates : run.certificates)
    for (const record::CertifiedSample& s : certificates.samples)
      table.rows.push_back({certificates.norm, s.id, fmt::to_string(s.label),
                            fmt::to_string(s.predicted), known(s.certified, !(s.certified < 0.0)),
                            known(s.attacked, !std::isinf(s.attacked)), s.method, s.reason});
  return render_csv(table);
}

}  // namespace gibbon::reports::table
