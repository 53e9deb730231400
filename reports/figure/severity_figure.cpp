// SPDX-License-Identifier: MIT
#include "reports/figure/severity_figure.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "reports/figure/gnuplot.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::figure {
namespace {

// In pixels.
constexpr double kType = 14;
constexpr double kHeader = 66;
constexpr double kLeft = 74;
constexpr double kPlotWidth = 330;
constexpr double kPlotHeight = 190;
constexpr double kLegendWidth = 230;
constexpr double kAbove = 34;
constexpr double kUnder = 76;
constexpr std::size_t kColumns = 2;

// Okabe & Ito 2008, as in the curves over ε, and as many markers.
constexpr std::array<std::string_view, 6> kColours{"0072B2", "D55E00", "009E73",
                                                   "CC79A7", "E69F00", "56B4E9"};
constexpr std::array kPoints{7, 5, 9, 13, 11, 15};

struct Line {
  std::string name;
  std::string block;  // severity, accuracy and both ends of its interval in %
};

struct Panel {
  std::string title;
  std::vector<Line> lines;
};

std::string block_line(std::uint64_t severity, const record::Count& count,
                       const record::Interval& interval) {
  return fmt::format("{} {} {} {}\n", severity, 100.0 * count.share(), 100.0 * interval.low,
                     100.0 * interval.high);
}

std::string block_line(std::uint64_t severity, const record::Count& count) {
  return block_line(severity, count, record::wilson95(count.k, count.n));
}

Line corruption_line(const record::Corrupted& all, std::size_t corruption) {
  Line line{.name = all.corruptions[corruption].name,
            .block = block_line(0, record::clean_count(all))};
  for (std::size_t s = 0; s < all.severities.size(); ++s) {
    line.block += block_line(all.severities[s], record::count_at(all, corruption, s));
  }
  return line;
}

Panel summary_panel(const record::Corrupted& all) {
  const std::string clean = block_line(0, record::clean_count(all));
  Panel panel{.title = "all together",
              .lines = {{.name = "mean", .block = clean}, {.name = "worst case", .block = clean}}};
  for (std::size_t s = 0; s < all.severities.size(); ++s) {
    const record::Count pooled = record::pooled_count(all, s);
    panel.lines[0].block +=
        block_line(all.severities[s], pooled, record::pooled95(pooled, all.samples.size()));
    panel.lines[1].block += block_line(all.severities[s], record::worst_count(all, s));
  }
  return panel;
}

std::vector<Panel> panels_of(const record::Corrupted& all) {
  std::vector<Panel> panels;
  for (std::size_t k = 0; k < all.corruptions.size(); ++k) {
    const std::string& group = all.corruptions[k].group;
    auto panel = std::ranges::find(panels, group, &Panel::title);
    if (panel == panels.end()) panel = panels.insert(panel, {.title = group});
    panel->lines.push_back(corruption_line(all, k));
  }
  if (all.corruptions.size() > 1) panels.push_back(summary_panel(all));
  return panels;
}

std::string panel_script(const Panel& panel, std::size_t index, double width, double height) {
  const double left =
      kLeft + static_cast<double>(index % kColumns) * (kLeft + kPlotWidth + kLegendWidth);
  const double top =
      kHeader + kAbove + static_cast<double>(index / kColumns) * (kAbove + kPlotHeight + kUnder);
  const auto x = [&](double pixels) { return pixels / width; };
  const auto y = [&](double pixels) { return 1.0 - pixels / height; };
  std::string script;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < panel.lines.size(); ++i) {
    script += fmt::format("$p{}l{} << END\n{}END\n", index, i, panel.lines[i].block);
    parts.push_back(fmt::format(
        "$p{}l{} using 1:3:4 with filledcurves fs transparent solid 0.15 noborder lc rgb '#{}' "
        "notitle",
        index, i, kColours[i % kColours.size()]));
  }
  for (std::size_t i = 0; i < panel.lines.size(); ++i) {
    parts.push_back(
        fmt::format("$p{}l{} using 1:2 with linespoints lc rgb '#{}' pt {} lw 2 ps 0.8 title {}",
                    index, i, kColours[i % kColours.size()], kPoints[i % kPoints.size()],
                    gnuplot_quoted(panel.lines[i].name)));
  }
  script += fmt::format(
      "set lmargin at screen {}\nset rmargin at screen {}\nset tmargin at screen {}\nset bmargin "
      "at screen {}\n",
      x(left), x(left + kPlotWidth), y(top), y(top + kPlotHeight));
  script += fmt::format(
      "set key at screen {}, screen {} left top Left reverse samplen 3 spacing 1.35 width 0\n",
      x(left + kPlotWidth + kType), y(top));
  script += fmt::format("set title {} offset 0,-0.4\n", gnuplot_quoted(panel.title));
  return script + fmt::format("plot {}\n", fmt::join(parts, ", \\\n     "));
}

}  // namespace

std::string to_severity_svg(const record::Corrupted& all) {
  if (all.corruptions.empty() || all.samples.empty())
    throw record::Error("figure: there is no corruption to draw; ask for one with --corruption");
  const std::vector<Panel> panels = panels_of(all);
  const std::size_t columns = std::min(kColumns, panels.size());
  const std::size_t rows = (panels.size() + kColumns - 1) / kColumns;
  const std::string data =
      fmt::format("{}, n = {}, band: 95 % interval", all.data, record::grouped(all.samples.size()));
  const double letters = static_cast<double>(
      std::max(record::display_width(all.model) * 10, record::display_width(data) * 8));
  const double width = std::max(static_cast<double>(columns) * (kLeft + kPlotWidth + kLegendWidth),
                                kLeft + 1.3 * letters);
  const double height = kHeader + static_cast<double>(rows) * (kAbove + kPlotHeight + kUnder);
  std::string script = fmt::format(
      "set encoding utf8\nset terminal svg noenhanced font 'DejaVu Sans,{}' size {:.0f},{:.0f} "
      "background 'white'\n"
      "set border 3 lc rgb '#404040'\n"
      "set tics nomirror out scale 0.6\n"
      "set grid lc rgb '#DDDDDD' lt 1 lw 0.7\n"
      "set yrange [0:100]\nset ytics 0,20,100\n"
      "set xrange [0:5.1]\nset xtics ('clean' 0, 1, 2, 3, 4, 5)\n"
      "set xlabel 'severity' offset 0,0.2\nset ylabel 'accuracy (%)' offset 0.8,0\n"
      "set multiplot\n",
      kType, width, height);
  const auto label = [&](int tag, std::string_view text, double down, std::string_view face,
                         double size) {
    return fmt::format("set label {} {} at screen {}, screen {} left font '{},{}'\n", tag,
                       gnuplot_quoted(text), kLeft / width, 1.0 - down / height, face, size);
  };
  script += label(1, all.model, 26, "DejaVu Sans Bold", 1.2 * kType) +
            label(2, data, 50, "DejaVu Sans", kType);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    script += panel_script(panels[i], i, width, height);
    if (i == 0) script += "unset label\n";
  }
  return run_gnuplot_svg(script + "unset multiplot\n",
                         fmt::format("{} under common corruptions, {}", all.model, data));
}

}  // namespace gibbon::reports::figure
