// SPDX-License-Identifier: MIT
#include "reports/gate/trend.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "reports/gate/comparison.hpp"
#include "reports/gate/words.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

constexpr double kSame = 1e-9;

/// Noise says little about a model, and the clean accuracy has no ε.
bool is_shown(const Point& point) {
  return point.kind != record::RowKind::kControl && point.kind != record::RowKind::kClean;
}

/// Per norm of the last run the ε that tells most.
std::map<std::string, double> telling_epsilons(const Snapshot& last) {
  const std::uint64_t clean = last.points.front().correct();
  std::map<std::string, double> chosen;
  std::map<std::string, bool> halved;
  for (const Point& point : last.points) {
    if (!is_shown(point) || point.kind == record::RowKind::kCertified) continue;
    double& epsilon = chosen.try_emplace(point.norm, point.epsilon).first->second;
    bool& found = halved[point.norm];
    const bool halves = 2 * point.correct() < clean;
    if (found ? halves && point.epsilon < epsilon : halves || point.epsilon > epsilon)
      epsilon = point.epsilon;
    found = found || halves;
  }
  return chosen;
}

const Point* point_in(const Snapshot& snapshot, const Point& wanted) {
  const auto found =
      std::ranges::find_if(snapshot.points, [&](const Point& p) { return p.same_as(wanted); });
  return found == snapshot.points.end() ? nullptr : &*found;
}

std::string share(std::optional<std::uint64_t> correct, std::uint64_t n) {
  return correct ? rate_text(*correct, n) : "–";
}

}  // namespace

figure::Trend trend_of(std::span<const Dated> runs, std::span<const double> epsilons) {
  figure::Trend trend;
  if (runs.empty()) return trend;
  const std::map<std::string, double> telling = telling_epsilons(runs.back().snapshot);
  const auto wanted = [&](const Point& point) {
    if (point.kind == record::RowKind::kClean) return true;
    if (!is_shown(point)) return false;
    const auto near = [&](double epsilon) { return std::abs(point.epsilon - epsilon) <= kSame; };
    if (!epsilons.empty()) return std::ranges::any_of(epsilons, near);
    const auto at = telling.find(point.norm);
    return at != telling.end() && near(at->second);
  };
  std::vector<Point> points;  // of any run, in the order of the last
  for (std::size_t k = runs.size(); k-- > 0;) {
    for (const Point& point : runs[k].snapshot.points) {
      const auto known =
          std::ranges::find_if(points, [&](const Point& p) { return p.same_as(point); });
      if (known == points.end() && wanted(point)) points.push_back(point);
    }
  }
  if (!epsilons.empty() && points.size() < 2) {
    throw record::Refusal(
        fmt::format("--epsilons: no run has an attack at {}; take some of the ε of the sweeps, or "
                    "leave the option out",
                    record::compact(epsilons.front())));
  }
  for (const Dated& run : runs) {
    trend.runs.push_back(run.name);
    trend.n.push_back(run.snapshot.ids.size());
  }
  for (const Point& point : points) {
    figure::Trend::Line& line = trend.lines.emplace_back();
    line.name = point.name();
    for (const Dated& run : runs) {
      const Point* at = point_in(run.snapshot, point);
      line.correct.push_back(at == nullptr ? std::nullopt : std::optional(at->correct()));
    }
  }
  return trend;
}

table::Table trend_table(const figure::Trend& trend) {
  table::Table table{.columns = {{.head = "run", .align = table::Align::kLeft}, {.head = "n"}}};
  for (const figure::Trend::Line& line : trend.lines) table.columns.push_back({.head = line.name});
  for (std::size_t k = 0; k < trend.runs.size(); ++k) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(printable(trend.runs[k]));
    row.emplace_back(trend.n[k]);
    for (const figure::Trend::Line& line : trend.lines)
      row.emplace_back(share(line.correct[k], trend.n[k]));
  }
  return table;
}

std::vector<std::string> trend_notes(std::span<const Dated> runs) {
  std::vector<std::string> notes;
  for (const Dated& run : runs) {
    for (const std::string& line : differences(run.snapshot, runs.back().snapshot,
                                               {printable(run.name), printable(runs.back().name)}))
      notes.push_back(line);
  }
  return notes;
}

}  // namespace gibbon::reports::gate
