// SPDX-License-Identifier: MIT
#include "reports/figure/history_figure.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/figure/gnuplot.hpp"

namespace gibbon::reports::figure {
namespace {

constexpr double kMost = 100.0;

/// Of `value`, "NaN" where there is none: gnuplot leaves a gap.
std::string number(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "NaN";
}

std::optional<double> in_percent(std::optional<double> share) {
  return share ? std::optional(kMost * *share) : std::nullopt;
}

bool has_validation(std::span<const HistoryPoint> history) {
  return std::ranges::any_of(history, [](const auto& p) { return p.validation_loss.has_value(); });
}

/// A panel with the columns `training` and `held_out` of the data.
std::string panel(std::string_view label, int training, int held_out, bool validated) {
  std::string script = fmt::format(
      "set ylabel {}\nplot $h using 1:{} with linespoints lc rgb '#0072B2' pt 7 ps 0.5 lw 2 title "
      "'training'",
      gnuplot_quoted(label), training);
  if (validated) {
    script += fmt::format(
        ", $h using 1:{} with linespoints lc rgb '#D55E00' pt 5 ps 0.5 lw 2 title 'held out'",
        held_out);
  }
  return script + "\n";
}

}  // namespace

std::string to_history_svg(std::span<const HistoryPoint> history, std::size_t best,
                           const std::string& title) {
  std::string script = "$h << END\n";
  double highest = 0.0;
  for (const HistoryPoint& p : history) {
    script +=
        fmt::format("{} {} {} {} {}\n", p.epoch, number(p.loss), number(p.validation_loss),
                    number(in_percent(p.accuracy)), number(in_percent(p.validation_accuracy)));
    highest = std::max({highest, p.loss, p.validation_loss.value_or(0.0)});
  }
  const bool validated = has_validation(history);
  const std::size_t epochs = history.size();
  const std::size_t step = std::max<std::size_t>(1, epochs / 8);
  script += fmt::format(
      "END\nset encoding utf8\n"
      "set terminal svg noenhanced font 'DejaVu Sans,14' size 860,340 background 'white'\n"
      "set multiplot layout 1,2 title {} font 'DejaVu Sans Bold,15' offset 0,-0.3\n"
      "set border 3 lc rgb '#404040'\nset tics nomirror out scale 0.6\n"
      "set grid lc rgb '#DDDDDD' lt 1 lw 0.7\nset xlabel 'epoch'\n"
      "set xrange [{}:{}]\nset xtics 1,{}\n"
      "set key below samplen 2 spacing 1.3\n",
      gnuplot_quoted(title), 0.8, static_cast<double>(epochs) + 0.2, step);
  if (best > 0 && validated) {
    script += fmt::format(
        "set arrow 1 from {0}, graph 0 to {0}, graph 1 nohead dt 2 lc rgb '#777777'\n"
        "set label 1 'kept' at {0}, graph 0 right offset -0.5,0.7 tc rgb '#777777'\n",
        best);
  }
  script += fmt::format("set yrange [0:{}]\n", highest > 0.0 ? 1.1 * highest : 1.0);
  script += panel("loss", 2, 3, validated);
  script += "set yrange [*:100]\n";
  script += panel("accuracy (%)", 4, 5, validated);
  return run_gnuplot_svg(script + "unset multiplot\n", "learning curve of " + title);
}

}  // namespace gibbon::reports::figure
