// SPDX-License-Identifier: MIT
#include "reports/figure/curves.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "reports/record/series.hpp"

namespace gibbon::reports::figure {
namespace {

// Okabe & Ito 2008, "Color Universal Design"; without its yellow, too pale for a line on white.
// Each has a marker of its own; from the seventh on, lines are dashed.
constexpr std::array kColours{"0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9"};
constexpr std::array kPoints{7, 5, 9, 13, 11, 15};
constexpr std::array kDashes{1, 2, 4};
constexpr std::array kNoiseColours{"767676", "8C8C8C", "5F5F5F"};
constexpr std::array kNoiseDashes{2, 4, 5};
constexpr std::array kNoisePoints{6, 4, 8};
// Like no attack's: violet, which Okabe and Ito's colours leave free.
constexpr const char* kBandColour = "6A3D9A";

Look colourful(std::size_t place) {
  return {.colour = kColours.at(place % kColours.size()),
          .dash = kDashes.at(place / kColours.size() % kDashes.size()),
          .point = kPoints.at(place % kPoints.size())};
}

// Wide and below the others: an attack that is the worst case everywhere is still to be seen.
Look worst_case() { return {.colour = "000000", .point = 0, .width = 4.5}; }

Look noise(std::size_t place) {
  const std::size_t k = place % kNoiseColours.size();
  return {.colour = kNoiseColours.at(k), .dash = kNoiseDashes.at(k), .point = kNoisePoints.at(k)};
}

using Looks = std::map<std::pair<record::RowKind, std::string>, Look>;

// One look per attack in all plots, in the order of the run.
Looks looks_of(const record::Run& run) {
  Looks looks;
  std::size_t attacks = 0;
  std::size_t controls = 0;
  for (const record::CurvePoint& point : run.curve) {
    const auto key = std::pair(point.kind, point.attack);
    if (looks.contains(key)) continue;
    const bool control = point.kind == record::RowKind::kControl;
    looks[key] = point.kind == record::RowKind::kWorstCase ? worst_case()
                 : control                                 ? noise(controls++)
                                                           : colourful(attacks++);
  }
  return looks;
}

Spot spot(double epsilon, std::uint64_t correct, std::uint64_t n) {
  const record::Interval interval = record::wilson95(correct, n);
  const double share = n == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(n);
  return {.epsilon = epsilon,
          .share = 100.0 * share,
          .low = 100.0 * interval.low,
          .high = 100.0 * interval.high};
}

std::vector<Spot> spots_of(const record::Series& series) {
  std::vector<Spot> spots;
  const record::CurvePoint& first = *series.points.front();
  if (first.epsilon > 0.0) spots.push_back(spot(0.0, first.clean_correct, first.n));
  for (const record::CurvePoint* point : series.points)
    spots.push_back(spot(point->epsilon, point->correct, point->n));
  return spots;
}

Plot& plot_of(std::vector<Plot>& plots, const std::string& norm) {
  const auto found = std::ranges::find(plots, norm, &Plot::norm);
  if (found != plots.end()) return *found;
  return plots.emplace_back(Plot{.norm = norm, .curves = {}, .bands = {}});
}

std::vector<Plot> plots_of_one(const record::Run& run) {
  const Looks looks = looks_of(run);
  std::vector<Plot> plots;
  for (const record::Panel& panel : record::panels_of(run)) {
    Plot& plot = plot_of(plots, panel.norm);
    for (const record::Series& series : panel.series)
      plot.curves.push_back({.name = series.name,
                             .look = looks.at(std::pair(series.kind, series.attack)),
                             .spots = spots_of(series),
                             .below = series.kind == record::RowKind::kWorstCase});
    if (panel.band != nullptr)
      plot.bands.push_back({.name = "", .colour = kBandColour, .certificates = panel.band});
  }
  return plots;
}

/// Whether the strongest curves of all runs have one name, which then need not be said.
bool all_under_one(std::span<const record::NamedRun> runs) {
  std::set<std::string> names;
  for (const record::NamedRun& named : runs)
    for (const record::Panel& panel : record::panels_of(*named.run, record::Repeats::kKept))
      if (const record::Series* series = panel.strongest(); series != nullptr)
        names.insert(series->name);
  return names.size() == 1;
}

}  // namespace

double Plot::largest_epsilon() const {
  double largest = 0.0;
  for (const Curve& curve : curves) largest = std::max(largest, curve.spots.back().epsilon);
  for (const Band& band : bands)
    largest = std::max(largest, band.certificates->curve.back().epsilon);
  return largest > 0.0 ? largest : 1.0;
}

std::vector<Plot> plots_of(std::span<const record::NamedRun> runs) {
  if (runs.size() == 1) return plots_of_one(*runs.front().run);
  const bool named = !all_under_one(runs);
  std::vector<Plot> plots;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const Look look = colourful(r);
    for (const record::Panel& panel : record::panels_of(*runs[r].run, record::Repeats::kKept)) {
      Plot& plot = plot_of(plots, panel.norm);
      if (const record::Series* series = panel.strongest(); series != nullptr)
        plot.curves.push_back({.name = runs[r].name + (named ? " · " + series->name : ""),
                               .look = look,
                               .spots = spots_of(*series)});
      if (panel.band != nullptr)
        plot.bands.push_back(
            {.name = runs[r].name, .colour = look.colour, .certificates = panel.band});
    }
  }
  return plots;
}

}  // namespace gibbon::reports::figure
