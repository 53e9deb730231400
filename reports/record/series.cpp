// SPDX-License-Identifier: MIT
#include "reports/record/series.hpp"

#include <algorithm>
#include <numeric>

#include "base/printable.hpp"

namespace gibbon::reports::record {
namespace {

int rank(const Series& series) {
  if (series.kind == RowKind::kWorstCase) return 2;
  return series.kind == RowKind::kControl ? 1 : 0;
}

Series& series_of(Panel& panel, const Run& run, const CurvePoint& point) {
  const auto found =
      std::find_if(panel.series.begin(), panel.series.end(), [&](const Series& series) {
        return series.attack == point.attack && series.kind == point.kind;
      });
  if (found != panel.series.end()) return *found;
  return panel.series.emplace_back(Series{.attack = point.attack,
                                          .name = display_name(run, point.attack, point.kind),
                                          .kind = point.kind,
                                          .points = {}});
}

Panel& panel_of(std::vector<Panel>& panels, const std::string& norm) {
  const auto found = std::find_if(panels.begin(), panels.end(),
                                  [&](const Panel& panel) { return panel.norm == norm; });
  if (found != panels.end()) return *found;
  return panels.emplace_back(Panel{.norm = norm, .epsilons = {}, .series = {}});
}

double mean_accuracy(const Series& series) {
  const double sum =
      std::transform_reduce(series.points.begin(), series.points.end(), 0.0, std::plus<>(),
                            [](const auto* p) { return p->accuracy(); });
  return sum / static_cast<double>(series.points.size());
}

bool same_counts(const Series& a, const Series& b) {
  return std::ranges::equal(a.points, b.points, [](const CurvePoint* p, const CurvePoint* q) {
    return p->epsilon == q->epsilon && p->correct == q->correct && p->n == q->n;
  });
}

bool repeats_another(const Panel& panel, const Series& series) {
  return series.kind == RowKind::kWorstCase &&
         std::ranges::any_of(panel.series, [&](const Series& other) {
           return other.kind == RowKind::kAttack && same_counts(series, other);
         });
}

}  // namespace

const CurvePoint* Series::at(double epsilon) const {
  const auto found = std::find_if(points.begin(), points.end(), [&](const CurvePoint* point) {
    return point->epsilon == epsilon;
  });
  return found == points.end() ? nullptr : *found;
}

const Series* Panel::strongest() const {
  const Series* best = nullptr;
  for (const Series& one : series) {
    if (one.kind == RowKind::kControl) continue;
    if (one.kind == RowKind::kWorstCase) return &one;
    if (best == nullptr || mean_accuracy(one) < mean_accuracy(*best)) best = &one;
  }
  return best;
}

bool is_halved(const CurvePoint& point) { return 2 * point.correct < point.clean_correct; }

const CurvePoint* Panel::headline() const {
  const Series* worst = strongest();
  if (worst == nullptr) return nullptr;
  const auto halved = std::ranges::find_if(
      worst->points, [](const CurvePoint* point) { return is_halved(*point); });
  return halved != worst->points.end() ? *halved : worst->points.back();
}

std::string display_name(const Run& run, const std::string& attack, RowKind kind) {
  if (kind == RowKind::kWorstCase) return "all attacks";
  const auto labels = run.provenance.find("labels");
  std::string name = attack;
  if (labels != run.provenance.end() && labels->is_object())
    if (const auto label = labels->find(attack); label != labels->end() && label->is_string())
      name = label->get<std::string>();
  return printable(name) + (kind == RowKind::kControl ? " (noise)" : "");
}

std::vector<Panel> panels_of(const Run& run, Repeats repeats) {
  std::vector<Panel> panels;
  for (const CurvePoint& point : run.curve) {
    Panel& panel = panel_of(panels, point.norm);
    panel.epsilons.push_back(point.epsilon);
    series_of(panel, run, point).points.push_back(&point);
  }
  for (const Certificates& certificates : run.certificates)
    panel_of(panels, certificates.norm).band = &certificates;
  for (Panel& panel : panels) {
    std::sort(panel.epsilons.begin(), panel.epsilons.end());
    panel.epsilons.erase(std::unique(panel.epsilons.begin(), panel.epsilons.end()),
                         panel.epsilons.end());
    std::stable_sort(panel.series.begin(), panel.series.end(),
                     [](const Series& a, const Series& b) { return rank(a) < rank(b); });
    for (Series& series : panel.series)
      std::stable_sort(series.points.begin(), series.points.end(),
                       [](const auto* a, const auto* b) { return a->epsilon < b->epsilon; });
    if (repeats == Repeats::kDropped)
      std::erase_if(panel.series,
                    [&](const Series& series) { return repeats_another(panel, series); });
  }
  return panels;
}

}  // namespace gibbon::reports::record
