#include "reports/figure.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

#include "reports/error.hpp"
#include "reports/gnuplot.hpp"
#include "reports/series.hpp"
#include "reports/subject.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

// Sizes in SVG pixels. The legend stands right of the plots and is as wide as its longest name.
constexpr double kLeft = 84;
constexpr double kPlotWidth = 560;
constexpr double kPlotHeight = 300;
constexpr double kAbove = 36;   // of each panel: its own title
constexpr double kBelow = 84;   // of each panel: ticks and axis label
constexpr double kHeader = 62;  // of the picture: two title lines
constexpr double kLegendLine = 58;
constexpr double kLetter = 8.3;  // mean advance of DejaVu Sans at 14 px, rounded up
constexpr double kTitleLetter = 10.6;

struct Style {
  std::string_view colour;
  int dash = 1;
  int point = 7;
};

// Okabe & Ito 2008, "Color Universal Design"; without its yellow, too pale for a line on white.
constexpr std::array kAttackStyles{Style{"0072B2", 1, 7},  Style{"D55E00", 1, 5},
                                   Style{"009E73", 1, 9},  Style{"CC79A7", 1, 13},
                                   Style{"E69F00", 1, 11}, Style{"56B4E9", 1, 15}};
constexpr std::array kControlStyles{Style{"767676", 2, 6}, Style{"8C8C8C", 4, 4},
                                    Style{"5F5F5F", 5, 8}};
constexpr Style kWorstCase{"000000", 1, 2};

using Styles = std::map<std::pair<std::string, std::string>, Style>;

// What differs between the two files. pngcairo takes type sizes in points of 1/72 inch at 96 pixels
// per inch and SVG in pixels; both pictures are laid out in SVG pixels.
struct Terminal {
  std::string_view name;
  std::string_view options;
  double pixels = 1.0;  // per SVG pixel
  double points = 1.0;  // of type per SVG pixel
};
constexpr Terminal kSvg{"svg", "background 'white'", 1.0, 1.0};
constexpr Terminal kPng{"pngcairo", "fontscale 2 linewidth 2 pointscale 2 background 'white'", 2.0,
                        0.75};

// One look per attack in all panels, in the order of the run.
Styles styles_of(const Run& run) {
  Styles styles;
  std::size_t attacks = 0;
  std::size_t controls = 0;
  for (const CurvePoint& point : run.curve) {
    const auto key = std::pair(point.kind, point.attack);
    if (styles.contains(key)) continue;
    if (point.kind == "worst-case")
      styles[key] = kWorstCase;
    else if (point.kind == "control")
      styles[key] = kControlStyles[controls++ % kControlStyles.size()];
    else
      styles[key] = kAttackStyles[attacks++ % kAttackStyles.size()];
  }
  return styles;
}

std::string data_line(double epsilon, std::uint64_t correct, std::uint64_t n) {
  const Interval interval = wilson95(correct, n);
  const double share = n == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(n);
  return fmt::format("{} {} {} {}\n", epsilon, 100.0 * share, 100.0 * interval.low,
                     100.0 * interval.high);
}

// A curve starts at ε = 0, where the accuracy is that without attack, measured or not.
std::string data_block(const Series& series, std::size_t index) {
  std::string text = fmt::format("$s{} << END\n", index);
  const CurvePoint& first = *series.points.front();
  if (first.epsilon > 0.0) text += data_line(0.0, first.clean_correct, first.n);
  for (const CurvePoint* point : series.points)
    text += data_line(point->epsilon, point->correct, point->n);
  return text + "END\n";
}

std::string legend_name(const Series& series) {
  return series.kind == "control" ? series.attack + " (noise)" : series.attack;
}

std::string chance_name(const Subject& subject) {
  return fmt::format("guessing, 1 of {}", subject.classes);
}

double legend_width(const std::vector<Panel>& panels, const Subject& subject) {
  std::size_t letters = display_width(chance_name(subject));
  for (const Panel& panel : panels)
    for (const Series& series : panel.series)
      letters = std::max(letters, display_width(printable(legend_name(series))));
  return kLegendLine + kLetter * static_cast<double>(letters) + 24;
}

struct Layout {
  double width = 0;
  double height = 0;
  double panel_height = 0;
};

Layout layout_of(const std::vector<Panel>& panels, const Subject& subject) {
  std::size_t entries = 0;
  for (const Panel& panel : panels) entries = std::max(entries, panel.series.size() + 1);
  const double plot = std::max(kPlotHeight, 22.0 * static_cast<double>(entries));
  const double panel_height = kAbove + plot + kBelow;
  const double title =
      kLeft + kTitleLetter * static_cast<double>(std::max(display_width(subject.model),
                                                          display_width(subject.data_and_split())));
  return {.width = std::max(kLeft + kPlotWidth + legend_width(panels, subject), title + 24),
          .height = kHeader + static_cast<double>(panels.size()) * panel_height,
          .panel_height = panel_height};
}

std::string x_label(const Panel& panel, const Subject& subject) {
  const std::string units = panel.norm == "l0" ? "changed input values" : subject.units;
  return fmt::format("perturbation size ε ({}, {})", units, norm_symbol(panel.norm));
}

std::string line_options(const Style& style) {
  return fmt::format("lc rgb '#{}' dt {} lw 2 pt {} ps 0.8", style.colour, style.dash, style.point);
}

// Bands below, then the level of guessing, then the lines, so that nothing hides a line.
std::string plot_command(const Panel& panel, const Subject& subject, const Styles& styles) {
  std::vector<std::string> parts;
  const auto style = [&](const Series& series) {
    return styles.at(std::pair(series.kind, series.attack));
  };
  for (std::size_t i = 0; i < panel.series.size(); ++i)
    parts.push_back(
        fmt::format("$s{} using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb "
                    "'#{}' notitle",
                    i, style(panel.series[i]).colour));
  for (std::size_t i = 0; i < panel.series.size(); ++i)
    parts.push_back(fmt::format("$s{} using 1:2 with linespoints {} title {}", i,
                                line_options(style(panel.series[i])),
                                gnuplot_quoted(legend_name(panel.series[i]))));
  if (subject.classes > 0)
    parts.push_back(fmt::format("{} with lines lc rgb '#404040' dt 3 lw 1.5 title {}",
                                100.0 / static_cast<double>(subject.classes),
                                gnuplot_quoted(chance_name(subject))));
  return fmt::format("plot {}\n", fmt::join(parts, ", \\\n     "));
}

std::string panel_script(const Panel& panel, std::size_t index, const Layout& layout,
                         const Subject& subject, const Styles& styles) {
  const double top = kHeader + static_cast<double>(index) * layout.panel_height + kAbove;
  const double bottom = top + layout.panel_height - kAbove - kBelow;
  const double largest = panel.epsilons.back() > 0.0 ? panel.epsilons.back() : 1.0;
  const auto x = [&](double pixels) { return pixels / layout.width; };
  const auto y = [&](double pixels) { return 1.0 - pixels / layout.height; };
  std::string script;
  for (std::size_t i = 0; i < panel.series.size(); ++i) script += data_block(panel.series[i], i);
  script += fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", x(kLeft),
                        x(kLeft + kPlotWidth));
  script += fmt::format("set tmargin at screen {}\nset bmargin at screen {}\n", y(top), y(bottom));
  script += fmt::format(
      "set key at screen {}, screen {} left top Left reverse samplen 3 spacing 1.35 width 0\n",
      x(kLeft + kPlotWidth + 14), y(top - 6));
  script += fmt::format("set xrange [0:{}]\n", 1.02 * largest);
  script += fmt::format("set xlabel {} offset 0,-0.4\n", gnuplot_quoted(x_label(panel, subject)));
  script +=
      fmt::format("set ylabel {} offset -0.6,0\n",
                  gnuplot_quoted(fmt::format("accuracy (%) of n = {} {} images", grouped(subject.n),
                                             subject.split.empty() ? "data" : subject.split)));
  return script + plot_command(panel, subject, styles);
}

std::string title_labels(const Subject& subject, const Layout& layout, const Terminal& terminal) {
  const auto label = [&](int tag, const std::string& text, double y, std::string_view face,
                         double size) {
    return fmt::format("set label {} {} at screen {}, screen {} left font '{},{}'\n", tag,
                       gnuplot_quoted(text), kLeft / layout.width, 1.0 - y / layout.height, face,
                       size * terminal.points);
  };
  const std::string data = fmt::format("{}, n = {}, band: 95 % Wilson interval",
                                       subject.data_and_split(), grouped(subject.n));
  return label(1, subject.model, 26, "DejaVu Sans Bold", 17) +
         label(2, data, 50, "DejaVu Sans", 14);
}

std::string script_of(const Run& run, const Terminal& terminal) {
  if (run.curve.empty())
    throw Error("figure: the run has no point; one attack at one ε is needed; run the evaluation");
  const Subject subject = subject_of(run);
  const std::vector<Panel> panels = panels_of(run);
  const Styles styles = styles_of(run);
  const Layout layout = layout_of(panels, subject);
  std::string script = fmt::format(
      "set encoding utf8\nset terminal {} noenhanced font 'DejaVu Sans,{}' size {:.0f},{:.0f} {}\n",
      terminal.name, 14 * terminal.points, terminal.pixels * layout.width,
      terminal.pixels * layout.height, terminal.options);
  script +=
      "set border 3 lc rgb '#404040'\n"
      "set tics nomirror out scale 0.6\n"
      "set grid lc rgb '#DDDDDD' lt 1 lw 0.7\n"
      "set yrange [0:100]\n"
      "set ytics 0,20,100\n"
      "set multiplot\n";
  script += title_labels(subject, layout, terminal);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    script += panel_script(panels[i], i, layout, subject, styles);
    if (i == 0) script += "unset label\n";
  }
  return script + "unset multiplot\n";
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

std::string to_curve_svg(const Run& run) {
  std::string svg = run_gnuplot(script_of(run, kSvg));
  // Readers without DejaVu get a sans-serif of nearly its widths instead of their default.
  replace_all(svg, "font-family=\"DejaVu Sans\"",
              "font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\"");
  replace_all(svg, "<title>Gnuplot</title>",
              fmt::format("<title>{}</title>", escape_html(subject_of(run).title())));
  return svg;
}

std::string to_curve_png(const Run& run) { return run_gnuplot(script_of(run, kPng)); }

}  // namespace gibbon::reports
