// SPDX-License-Identifier: MIT
#include "reports/table/run_tables.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

#include "reports/record/certified.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::table {
namespace {

const Column kEpsilon{.head = "ε", .align = Align::kLeft};

bool repeats_another(const record::Run& run, const record::DistanceSummary& all) {
  const auto numbers = [](const record::DistanceSummary& d) {
    return std::tie(d.norm, d.found, d.lower_quartile, d.median, d.upper_quartile);
  };
  return all.kind == record::RowKind::kWorstCase &&
         std::ranges::any_of(run.distances, [&](const record::DistanceSummary& d) {
           return d.kind == record::RowKind::kAttack && numbers(d) == numbers(all);
         });
}

}  // namespace

Role role_of(const record::Series& series) {
  if (series.kind == record::RowKind::kWorstCase) return Role::kWorstCase;
  return series.kind == record::RowKind::kControl ? Role::kControl : Role::kAttack;
}

std::string panel_title(const record::Panel& panel, const record::Subject& subject) {
  return fmt::format("{}, ε in {}", record::norm_symbol(panel.norm),
                     record::norm_unit(panel.norm, subject.units));
}

Table accuracy_table(const record::Panel& panel) {
  Table table{
      .title = "Accuracy by perturbation size and attack, " + record::norm_symbol(panel.norm),
      .columns = {kEpsilon}};
  for (const record::Series& series : panel.series)
    table.columns.push_back({.head = series.name, .role = role_of(series)});
  for (const double epsilon : panel.epsilons) {
    auto& row = table.rows.emplace_back(1, Epsilon{epsilon});
    for (const record::Series& series : panel.series) {
      const record::CurvePoint* point = series.at(epsilon);
      row.push_back(point == nullptr ? Cell(Missing{})
                                     : Cell(Share{.k = point->correct, .n = point->n}));
    }
  }
  return table;
}

Table distance_table(const record::Run& run) {
  Table table{.title = "Smallest distances",
              .columns = {{.head = "smallest distance", .align = Align::kLeft},
                          {.head = "norm", .align = Align::kLeft},
                          {.head = "broken/n"},
                          {.head = "lower quartile"},
                          {.head = "median"},
                          {.head = "upper quartile"}}};
  for (const record::DistanceSummary& d : run.distances) {
    if (repeats_another(run, d)) continue;
    table.rows.push_back({Name{record::display_name(run, d.attack, d.kind)},
                          record::norm_symbol(d.norm), Ratio{d.found, d.n},
                          Distance{d.lower_quartile}, Distance{d.median},
                          Distance{d.upper_quartile}});
  }
  return table;
}

Table band_table(const record::Certificates& certificates) {
  Table table{.title = "Certified, falsified and undecided by perturbation size, " +
                       record::norm_symbol(certificates.norm),
              .columns = {kEpsilon}};
  for (const char* head : {"certified", "falsified", "undecided"})
    table.columns.push_back({.head = head});
  for (const record::CertifiedPoint& point : certificates.curve) {
    auto& row = table.rows.emplace_back(1, Epsilon{point.epsilon});
    for (const std::uint64_t k : record::counts_of(point))
      row.emplace_back(Share{.k = k, .n = point.n});
    std::get<Share>(row.back()).exact = point.exact();
  }
  return table;
}

Table radius_table(const record::Certificates& certificates) {
  Table table{.title = "Bounds of the smallest adversarial distance, " +
                       record::norm_symbol(certificates.norm),
              .columns = {{.head = "smallest distance", .align = Align::kLeft},
                          {.head = "known/n"},
                          {.head = "lower quartile"},
                          {.head = "median"},
                          {.head = "upper quartile"}}};
  for (const record::RadiusSummary& summary : record::radius_summaries(certificates)) {
    auto& row = table.rows.emplace_back(1, summary.end);
    row.emplace_back(Ratio{summary.known, summary.n});
    for (const double quartile : summary.quartiles) row.emplace_back(Distance{quartile});
  }
  return table;
}

}  // namespace gibbon::reports::table
