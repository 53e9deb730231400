// SPDX-License-Identifier: MIT
#include "reports/figure/trend.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/figure/gnuplot.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::figure {
namespace {

// Okabe & Ito 2008, as in the curves over ε, and as many markers.
constexpr std::array<std::string_view, 6> kColours{"0072B2", "D55E00", "009E73",
                                                   "CC79A7", "E69F00", "56B4E9"};
constexpr std::array kPoints{7, 5, 9, 13, 11, 15};

// In pixels.
constexpr double kHeight = 420;
constexpr double kWidth = 760;
constexpr double kPerRun = 46;
constexpr std::size_t kFewRuns = 10;  // that kWidth has room for

/// A line's numbers; an empty line where a run has no such point, which breaks the curve.
std::string block_of(const Trend& trend, const Trend::Line& line) {
  std::string block;
  for (std::size_t k = 0; k < trend.runs.size(); ++k) {
    if (!line.correct[k]) {
      block += "\n";
      continue;
    }
    const record::Interval interval = record::wilson95(*line.correct[k], trend.n[k]);
    block +=
        fmt::format("{} {} {} {}\n", k + 1,
                    100.0 * static_cast<double>(*line.correct[k]) / static_cast<double>(trend.n[k]),
                    100.0 * interval.low, 100.0 * interval.high);
  }
  return block;
}

/// The end of a long name is what tells commits and dates apart.
std::string tick(const std::string& name) {
  constexpr std::size_t kLongest = 18;
  const bool plain =
      std::ranges::all_of(name, [](char c) { return static_cast<signed char>(c) > 0; });
  return plain && name.size() > kLongest ? "…" + name.substr(name.size() - kLongest + 1) : name;
}

}  // namespace

std::string to_trend_svg(const Trend& trend) {
  if (trend.runs.empty() || trend.lines.empty())
    throw record::Error("trend: there is no run to draw; give the folders of some");
  const std::size_t more = trend.runs.size() - std::min(trend.runs.size(), kFewRuns);
  std::vector<std::string> ticks;
  for (std::size_t k = 0; k < trend.runs.size(); ++k)
    ticks.push_back(fmt::format("{} {}", gnuplot_quoted(tick(trend.runs[k])), k + 1));
  std::string script = fmt::format(
      "set encoding utf8\nset terminal svg noenhanced font 'DejaVu Sans,13' size {:.0f},{:.0f} "
      "background 'white'\n"
      "set border 3 lc rgb '#404040'\nset tics nomirror out scale 0.6\n"
      "set grid lc rgb '#DDDDDD' lt 1 lw 0.7\nset yrange [0:100]\nset ytics 0,20,100\n"
      "set xrange [0.5:{}]\nset xtics rotate by -35 ({})\n"
      "set ylabel 'accuracy (%)'\nset key outside right top Left reverse samplen 3 spacing 1.3\n",
      kWidth + kPerRun * static_cast<double>(more), kHeight,
      static_cast<double>(trend.runs.size()) + 0.5, fmt::join(ticks, ", "));
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < trend.lines.size(); ++i) {
    script += fmt::format("$l{} << END\n{}END\n", i, block_of(trend, trend.lines[i]));
    parts.push_back(fmt::format(
        "$l{} using 1:3:4 with filledcurves fs transparent solid 0.12 noborder lc rgb '#{}' "
        "notitle",
        i, kColours[i % kColours.size()]));
  }
  for (std::size_t i = 0; i < trend.lines.size(); ++i) {
    parts.push_back(
        fmt::format("$l{} using 1:2 with linespoints lc rgb '#{}' pt {} lw 2 ps 0.7 title {}", i,
                    kColours[i % kColours.size()], kPoints[i % kPoints.size()],
                    gnuplot_quoted(trend.lines[i].name)));
  }
  script += fmt::format("plot {}\n", fmt::join(parts, ", \\\n     "));
  return run_gnuplot_svg(
      script, fmt::format("accuracy of {} runs, one after the other", trend.runs.size()));
}

}  // namespace gibbon::reports::figure
