// SPDX-License-Identifier: MIT
#include "reports/figure/figure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "reports/figure/figure_band.hpp"
#include "reports/figure/gnuplot.hpp"
#include "reports/record/error.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::figure {
namespace {

// Sizes in multiples of the type size.
constexpr double kLeft = 6.0;
constexpr double kAbove = 2.6;   // of each panel
constexpr double kUnder = 4.6;   // of each panel: ticks and axis label
constexpr double kGap = 1.4;     // below all of a panel
constexpr double kHeader = 4.4;  // of the picture: two title lines
constexpr double kTitle = 1.2;   // type size of the first of them
constexpr double kLegendLine = 3.9;
constexpr double kLegendHeight = 1.6;  // of one entry
constexpr double kLetter = 0.6;        // mean advance of DejaVu Sans, rounded up
constexpr double kTitleLetter = 0.76;

struct Style {
  std::string_view colour;
  int dash = 1;
  int point = 7;
  double width = 2.0;
};

// Okabe & Ito 2008, "Color Universal Design"; without its yellow, too pale for a line on white.
// Each has a marker of its own; from the seventh attack on, lines are dashed.
constexpr std::array kAttackStyles{Style{"0072B2", 1, 7},  Style{"D55E00", 1, 5},
                                   Style{"009E73", 1, 9},  Style{"CC79A7", 1, 13},
                                   Style{"E69F00", 1, 11}, Style{"56B4E9", 1, 15}};
constexpr std::array kControlStyles{Style{"767676", 2, 6}, Style{"8C8C8C", 4, 4},
                                    Style{"5F5F5F", 5, 8}};
constexpr std::array kAttackDashes{1, 2, 4};
// Wide and below the others: an attack that is the worst case everywhere is still to be seen.
constexpr Style kWorstCase{"000000", 1, 0, 4.5};

using Styles = std::map<std::pair<record::RowKind, std::string>, Style>;

enum class Legend { kRight, kBelow };

// What differs between the files. All are laid out in pixels of 1/96 inch.
struct Format {
  std::string_view terminal;
  std::string_view options;
  double units = 1.0;   // of the terminal's sizes, per pixel
  double points = 1.0;  // of the terminal's type sizes, per pixel
  double type = 14;     // type size
  double plot_width = 560;
  double plot_height = 300;
  Legend legend = Legend::kRight;
};
constexpr Format kSvg{.terminal = "svg", .options = "background 'white'"};
constexpr Format kPng{.terminal = "pngcairo",
                      .options = "fontscale 2 linewidth 2 pointscale 2 background 'white'",
                      .units = 2.0,
                      .points = 0.75};
// As wide as a column of a two-column paper (88 mm), with type of 8 points: to be included as it
// is, where the wide picture's type would shrink to half of that.
constexpr Format kPdf{.terminal = "pdfcairo",
                      .options = "linewidth 0.75 pointscale 0.6 background 'white'",
                      .units = 1.0 / 96.0,
                      .points = 0.75,
                      .type = 32.0 / 3.0,
                      .plot_width = 256,
                      .plot_height = 150,
                      .legend = Legend::kBelow};

// One look per attack in all panels, in the order of the run.
Styles styles_of(const record::Run& run) {
  Styles styles;
  std::size_t attacks = 0;
  std::size_t controls = 0;
  for (const record::CurvePoint& point : run.curve) {
    const auto key = std::pair(point.kind, point.attack);
    if (styles.contains(key)) continue;
    if (point.kind == record::RowKind::kWorstCase)
      styles[key] = kWorstCase;
    else if (point.kind == record::RowKind::kControl)
      styles[key] = kControlStyles[controls++ % kControlStyles.size()];
    else {
      styles[key] = kAttackStyles[attacks % kAttackStyles.size()];
      styles[key].dash = kAttackDashes[attacks++ / kAttackStyles.size() % kAttackDashes.size()];
    }
  }
  return styles;
}

std::string data_line(double epsilon, std::uint64_t correct, std::uint64_t n) {
  const record::Interval interval = record::wilson95(correct, n);
  const double share = n == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(n);
  return fmt::format("{} {} {} {}\n", epsilon, 100.0 * share, 100.0 * interval.low,
                     100.0 * interval.high);
}

// A curve starts at ε = 0, where the accuracy is that without attack, measured or not.
std::string data_block(const record::Series& series, std::size_t index) {
  std::string text = fmt::format("$s{} << END\n", index);
  const record::CurvePoint& first = *series.points.front();
  if (first.epsilon > 0.0) text += data_line(0.0, first.clean_correct, first.n);
  for (const record::CurvePoint* point : series.points)
    text += data_line(point->epsilon, point->correct, point->n);
  return text + "END\n";
}

std::string legend_name(const record::Series& series) {
  return series.kind == record::RowKind::kControl ? series.attack + " (noise)" : series.attack;
}

std::string data_title(const record::Subject& subject) {
  return fmt::format("{}, n = {}, band: 95 % Wilson interval", subject.data_and_split(),
                     record::grouped(subject.n));
}

std::string chance_name(const record::Subject& subject) {
  return fmt::format("chance level, 1 of {}", subject.classes);
}

// All of a panel, that of guessing included.
std::vector<std::string> legend_names(const record::Panel& panel, const record::Subject& subject) {
  std::vector<std::string> names{chance_name(subject)};
  for (const record::Series& series : panel.series) names.push_back(printable(legend_name(series)));
  if (panel.band == nullptr) return names;
  for (std::string& name : band_names(*panel.band)) names.push_back(std::move(name));
  return names;
}

// Of the widest entry, line and name.
double legend_width(const std::vector<record::Panel>& panels, const record::Subject& subject) {
  std::size_t letters = 0;
  for (const record::Panel& panel : panels)
    for (const std::string& name : legend_names(panel, subject))
      letters = std::max(letters, record::display_width(name));
  return kLegendLine + kLetter * static_cast<double>(letters) + 1.7;
}

// In pixels.
struct Layout {
  double width = 0;
  double height = 0;
  double left = 0;        // of the plots
  double title_left = 0;  // likewise
  double header = 0;
  double above = 0;
  double plot_height = 0;
  double panel_height = 0;
  std::size_t legend_columns = 1;
};

Layout layout_of(const std::vector<record::Panel>& panels, const record::Subject& subject,
                 const Format& format) {
  const double type = format.type;
  std::size_t entries = 0;
  for (const record::Panel& panel : panels)
    entries = std::max(entries, legend_names(panel, subject).size());
  const double entry = type * legend_width(panels, subject);
  const bool beside = format.legend == Legend::kRight;
  Layout layout{.left = kLeft * type,
                .title_left = beside ? kLeft * type : 1.5 * type,
                .header = kHeader * type,
                .above = kAbove * type,
                .plot_height = format.plot_height};
  const double titles =
      layout.title_left +
      type * (1.0 +
              std::max(kTitleLetter * static_cast<double>(record::display_width(subject.model)),
                       kLetter * static_cast<double>(record::display_width(data_title(subject)))));
  const double right = layout.left + format.plot_width;
  double below = kUnder * type;
  if (beside) {
    layout.width = std::max(right + entry, titles);
    layout.plot_height =
        std::max(layout.plot_height, kLegendHeight * type * static_cast<double>(entries));
  } else {
    layout.width = std::max({right + type, entry, titles});
    layout.legend_columns =
        std::max(std::size_t{1}, static_cast<std::size_t>(layout.width / entry));
    const std::size_t lines = (entries + layout.legend_columns - 1) / layout.legend_columns;
    below += kLegendHeight * type * static_cast<double>(lines);
  }
  layout.panel_height = layout.above + layout.plot_height + below + kGap * type;
  layout.height = layout.header + static_cast<double>(panels.size()) * layout.panel_height;
  return layout;
}

std::string x_label(const record::Panel& panel, const record::Subject& subject) {
  return fmt::format("perturbation size ε ({}, {})", record::norm_unit(panel.norm, subject.units),
                     record::norm_symbol(panel.norm));
}

// The denominator is in the title, too.
std::string y_label(const record::Subject& subject, const Layout& layout, const Format& format) {
  std::string text = fmt::format("accuracy (%) of n = {} {} images", record::grouped(subject.n),
                                 subject.split.empty() ? "data" : subject.split);
  const double length = kLetter * format.type * static_cast<double>(record::display_width(text));
  return length < layout.plot_height + layout.above ? text : "accuracy (%)";
}

std::string line_options(const Style& style) {
  return fmt::format("lc rgb '#{}' dt {} lw {} pt {} ps 0.8", style.colour, style.dash, style.width,
                     style.point);
}

// Areas below, then the worst case, then the other lines, so that nothing hides a line.
std::string plot_command(const record::Panel& panel, const record::Subject& subject,
                         const Styles& styles) {
  std::vector<std::string> parts;
  if (panel.band != nullptr) parts = band_areas(*panel.band);
  const auto style = [&](const record::Series& series) {
    return styles.at(std::pair(series.kind, series.attack));
  };
  for (std::size_t i = 0; i < panel.series.size(); ++i)
    parts.push_back(
        fmt::format("$s{} using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb "
                    "'#{}' notitle",
                    i, style(panel.series[i]).colour));
  const auto line = [&](std::size_t i) {
    const record::Series& series = panel.series[i];
    parts.push_back(
        fmt::format("$s{} using 1:2 with {} {} title {}", i,
                    series.kind == record::RowKind::kWorstCase ? "lines" : "linespoints",
                    line_options(style(series)), gnuplot_quoted(legend_name(series))));
  };
  const auto is_worst = [&](std::size_t i) {
    return panel.series[i].kind == record::RowKind::kWorstCase;
  };
  for (std::size_t i = 0; i < panel.series.size(); ++i)
    if (is_worst(i)) line(i);
  for (std::size_t i = 0; i < panel.series.size(); ++i)
    if (!is_worst(i)) line(i);
  if (panel.band != nullptr) std::ranges::move(band_lines(*panel.band), std::back_inserter(parts));
  if (subject.classes > 0)
    parts.push_back(fmt::format("{} with lines lc rgb '#404040' dt 3 lw 1.5 title {}",
                                100.0 / static_cast<double>(subject.classes),
                                gnuplot_quoted(chance_name(subject))));
  return fmt::format("plot {}\n", fmt::join(parts, ", \\\n     "));
}

double largest_epsilon(const record::Panel& panel) {
  const double measured = panel.epsilons.empty() ? 0.0 : panel.epsilons.back();
  return panel.band == nullptr ? measured : std::max(measured, panel.band->curve.back().epsilon);
}

std::string panel_script(const record::Panel& panel, std::size_t index, const Layout& layout,
                         const record::Subject& subject, const Styles& styles,
                         const Format& format) {
  const double top =
      layout.header + static_cast<double>(index) * layout.panel_height + layout.above;
  const double bottom = top + layout.plot_height;
  const double right = layout.left + format.plot_width;
  const double reach = largest_epsilon(panel);
  const double largest = reach > 0.0 ? reach : 1.0;
  const auto x = [&](double pixels) { return pixels / layout.width; };
  const auto y = [&](double pixels) { return 1.0 - pixels / layout.height; };
  std::string script;
  for (std::size_t i = 0; i < panel.series.size(); ++i) script += data_block(panel.series[i], i);
  if (panel.band != nullptr) script += band_blocks(*panel.band);
  script +=
      fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", x(layout.left), x(right));
  script += fmt::format("set tmargin at screen {}\nset bmargin at screen {}\n", y(top), y(bottom));
  const bool beside = format.legend == Legend::kRight;
  const std::string columns =
      beside ? "" : fmt::format(" horizontal maxcols {}", layout.legend_columns);
  script += fmt::format(
      "set key at screen {}, screen {} left top Left reverse samplen 3 spacing 1.35 width 0{}\n",
      x(beside ? right + format.type : layout.title_left - format.type),
      y(beside ? top - 0.4 * format.type : bottom + kUnder * format.type), columns);
  script += fmt::format("set xrange [0:{}]\n", 1.02 * largest);
  script += fmt::format("set xlabel {} offset 0,-0.4\n", gnuplot_quoted(x_label(panel, subject)));
  script +=
      fmt::format("set ylabel {} offset 0.8,0\n", gnuplot_quoted(y_label(subject, layout, format)));
  return script + plot_command(panel, subject, styles);
}

std::string title_labels(const record::Subject& subject, const Layout& layout,
                         const Format& format) {
  const auto label = [&](int tag, const std::string& text, double line, std::string_view face,
                         double size) {
    return fmt::format("set label {} {} at screen {}, screen {} left font '{},{}'\n", tag,
                       gnuplot_quoted(text), layout.title_left / layout.width,
                       1.0 - line * format.type / layout.height, face,
                       size * format.type * format.points);
  };
  return label(1, subject.model, 1.85, "DejaVu Sans Bold", kTitle) +
         label(2, data_title(subject), 3.6, "DejaVu Sans", 1.0);
}

std::string script_of(const record::Run& run, const Format& format) {
  if (run.curve.empty() && run.certificates.empty())
    throw record::Error(
        "figure: the run has no point; one attack at one ε is needed; run the evaluation");
  const record::Subject subject = record::subject_of(run);
  const std::vector<record::Panel> panels = record::panels_of(run);
  const Styles styles = styles_of(run);
  const Layout layout = layout_of(panels, subject, format);
  const bool whole = format.units >= 1.0;  // pixels, not inches
  const auto size = [&](double pixels) {
    return whole ? std::round(format.units * pixels) : format.units * pixels;
  };
  std::string script = fmt::format(
      "set encoding utf8\nset terminal {} noenhanced font 'DejaVu Sans,{}' size {},{} {}\n",
      format.terminal, format.type * format.points, size(layout.width), size(layout.height),
      format.options);
  script +=
      "set border 3 lc rgb '#404040'\n"
      "set tics nomirror out scale 0.6\n"
      "set grid lc rgb '#DDDDDD' lt 1 lw 0.7\n"
      "set yrange [0:100]\n"
      "set ytics 0,20,100\n"
      "set multiplot\n";
  script += title_labels(subject, layout, format);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    script += panel_script(panels[i], i, layout, subject, styles, format);
    if (i == 0) script += "unset label\n";
  }
  return script + "unset multiplot\n";
}

}  // namespace

std::string to_curve_svg(const record::Run& run) {
  return run_gnuplot_svg(script_of(run, kSvg), record::subject_of(run).title());
}

std::string to_curve_png(const record::Run& run) { return run_gnuplot(script_of(run, kPng)); }

std::string to_curve_pdf(const record::Run& run) {
  std::string pdf = run_gnuplot(script_of(run, kPdf));
  // Cairo writes the time of day; blanks of the same length leave all offsets as they are.
  constexpr std::string_view kKey = "/CreationDate (";
  const std::size_t date = pdf.rfind(kKey);
  const std::size_t end = date == std::string::npos ? date : pdf.find(')', date);
  if (end != std::string::npos)
    std::fill_n(pdf.begin() + static_cast<std::ptrdiff_t>(date), end + 1 - date, ' ');
  return pdf;
}

}  // namespace gibbon::reports::figure
