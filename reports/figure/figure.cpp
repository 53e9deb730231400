// SPDX-License-Identifier: MIT
#include "reports/figure/figure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <set>

#include "reports/figure/curves.hpp"
#include "reports/figure/figure_band.hpp"
#include "reports/figure/gnuplot.hpp"
#include "reports/figure/layout.hpp"
#include "reports/record/error.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::figure {
namespace {

constexpr double kPixelsPerMm = 96.0 / 25.4;
constexpr double kPixelsPerPoint = 96.0 / 72.0;
constexpr double kTitleSize = 1.2;  // of the first title line, in type sizes
constexpr double kColumn = 88.0;    // mm: a column of a two-column paper

Format usual_format(FigureFile file) {
  switch (file) {
    case FigureFile::kSvg: return {.terminal = "svg", .options = "background 'white'"};
    case FigureFile::kPng:
      return {.terminal = "pngcairo",
              .options = "fontscale 2 linewidth 2 pointscale 2 background 'white'",
              .units = 2.0,
              .points = 0.75};
    case FigureFile::kPdf: break;
  }
  // To be included as it is, where the wide picture's type would shrink to half of 8 points.
  return {.terminal = "pdfcairo",
          // It draws type at 4/3 of the size that it is given, times its scale.
          .options = "fontscale 0.75 linewidth 0.75 pointscale 0.6 background 'white'",
          .units = 1.0 / 96.0,
          .points = 0.75,
          .type = 8.0 * kPixelsPerPoint,
          .width = kColumn * kPixelsPerMm,
          .plot_height = 170.0,
          .legend_inside = true};
}

Format format_of(FigureFile file, const FigureOptions& options) {
  Format format = usual_format(file);
  if (options.width > 0.0) format.width = options.width * kPixelsPerMm;
  if (options.height > 0.0) format.height = options.height * kPixelsPerMm;
  if (!options.font.empty()) format.font = options.font;
  if (options.points > 0.0) format.type = options.points * kPixelsPerPoint;
  return format;
}

// What the figure is about, over all its runs.
struct About {
  std::vector<std::string> models;
  std::set<std::string> data;
  std::string units;
  std::string denominator;  // "n = 300 test images"; empty: they differ
  std::size_t classes = 0;  // 0: not known, or they differ
};

About about(std::span<const record::NamedRun> runs) {
  About all;
  std::set<std::string> denominators;
  std::set<std::size_t> classes;
  for (const record::NamedRun& named : runs) {
    const record::Subject subject = record::subject_of(*named.run);
    all.models.push_back(runs.size() == 1 ? subject.model : named.name);
    all.data.insert(
        fmt::format("{}, n = {}", subject.data_and_split(), record::grouped(subject.n)));
    all.units = subject.units;
    denominators.insert(fmt::format("n = {} {} images", record::grouped(subject.n),
                                    subject.split.empty() ? "data" : subject.split));
    classes.insert(subject.classes);
  }
  if (denominators.size() == 1) all.denominator = *denominators.begin();
  if (classes.size() == 1) all.classes = *classes.begin();
  return all;
}

std::vector<std::string> titles_of(const About& about, FigureFile file,
                                   const FigureOptions& options) {
  if (options.title) {
    if (options.title->empty()) return {};
    return {*options.title};
  }
  if (file == FigureFile::kPdf) return {};
  return {fmt::format("{}", fmt::join(about.models, " and ")),
          fmt::format("{}, band: 95 % Wilson interval", fmt::join(about.data, " and "))};
}

std::string data_block(const Curve& curve, std::size_t index) {
  std::string text = fmt::format("$s{} << END\n", index);
  for (const Spot& spot : curve.spots)
    text += fmt::format("{} {} {} {}\n", spot.epsilon, spot.share, spot.low, spot.high);
  return text + "END\n";
}

// The denominator is in the title, too.
std::string y_label(const About& about, const PlotBox& box, const Format& format) {
  const std::string text = "accuracy (%) of " + about.denominator;
  const bool fits = text_width(text, format.type) < box.bottom - box.top + 2.0 * format.type;
  return !about.denominator.empty() && fits ? text : "accuracy (%)";
}

// As much of it as there is room for.
std::string x_label(const std::string& norm, const About& about, const Layout& layout,
                    const Format& format) {
  const std::string symbol = record::norm_symbol(norm);
  const std::string unit = record::norm_unit(norm, about.units);
  for (const std::string& text : {fmt::format("perturbation size ε ({}, {})", unit, symbol),
                                  fmt::format("ε ({}, {})", unit, symbol)})
    if (text_width(text, format.type) < layout.right - layout.left + 4.0 * format.type) return text;
  return fmt::format("ε ({})", symbol);
}

std::string line_part(const Curve& curve, std::size_t index) {
  const Look& look = curve.look;
  return fmt::format("$s{} using 1:2 with {} lc rgb '#{}' dt {} lw {} pt {} ps 0.8 title {}", index,
                     look.point == 0 ? "lines" : "linespoints", look.colour, look.dash, look.width,
                     look.point, gnuplot_quoted(curve.name));
}

// Areas below, then what may lie under another line, then the other lines, so that nothing hides a
// line.
std::string plot_command(const Plot& plot, std::size_t classes) {
  std::vector<std::string> parts;
  for (std::size_t b = 0; b < plot.bands.size(); ++b)
    std::ranges::move(band_areas(plot.bands[b], b), std::back_inserter(parts));
  for (std::size_t i = 0; i < plot.curves.size(); ++i)
    parts.push_back(
        fmt::format("$s{} using 1:3:4 with filledcurves fs transparent solid 0.12 noborder lc rgb "
                    "'#{}' notitle",
                    i, plot.curves[i].look.colour));
  for (const bool below : {true, false})
    for (std::size_t i = 0; i < plot.curves.size(); ++i)
      if (plot.curves[i].below == below) parts.push_back(line_part(plot.curves[i], i));
  for (std::size_t b = 0; b < plot.bands.size(); ++b)
    std::ranges::move(band_lines(plot.bands[b], b), std::back_inserter(parts));
  if (classes > 0)
    parts.push_back(fmt::format("{} with lines lc rgb '#404040' dt 3 lw 1.5 title {}",
                                100.0 / static_cast<double>(classes),
                                gnuplot_quoted(chance_name(classes))));
  return fmt::format("plot {}\n", fmt::join(parts, ", \\\n     "));
}

std::string key_command(const Legend& legend, const Layout& layout, const Format& format) {
  if (legend.place == LegendPlace::kNone) return "unset key\n";
  const std::string columns =
      fmt::format(" {} maxcols {}", legend.columns > 1 ? "horizontal" : "vertical", legend.columns);
  return fmt::format(
      "set key at screen {}, screen {} left top{} Left reverse samplen {} spacing {} width 0 font "
      "',{}'\n",
      (legend.left - 2.0 * legend.type) / layout.width, 1.0 - legend.top / layout.height, columns,
      format.legend_inside ? 2 : 3, format.legend_inside ? 1.2 : 1.35, legend.type * format.points);
}

std::string plot_script(const Plot& plot, const PlotBox& box, const Layout& layout,
                        const About& about, const Format& format) {
  std::string script;
  for (std::size_t i = 0; i < plot.curves.size(); ++i) script += data_block(plot.curves[i], i);
  for (std::size_t b = 0; b < plot.bands.size(); ++b) script += band_blocks(plot.bands[b], b);
  script += fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n",
                        layout.left / layout.width, layout.right / layout.width);
  script += fmt::format("set tmargin at screen {}\nset bmargin at screen {}\n",
                        1.0 - box.top / layout.height, 1.0 - box.bottom / layout.height);
  script += key_command(box.legend, layout, format);
  script += fmt::format("set xrange [0:{}]\n", 1.02 * plot.largest_epsilon());
  script += fmt::format("set xlabel {} offset 0,-0.4\n",
                        gnuplot_quoted(x_label(plot.norm, about, layout, format)));
  script +=
      fmt::format("set ylabel {} offset 0.8,0\n", gnuplot_quoted(y_label(about, box, format)));
  return script + plot_command(plot, about.classes);
}

std::string title_labels(std::span<const std::string> titles, const Layout& layout,
                         const Format& format) {
  constexpr std::array kBaselines{1.85, 3.6};
  std::string labels;
  for (std::size_t line = 0; line < titles.size(); ++line)
    labels += fmt::format("set label {} {} at screen {}, screen {} left font '{}{},{}'\n", line + 1,
                          gnuplot_quoted(titles[line]), layout.title_left / layout.width,
                          1.0 - kBaselines.at(line) * format.type / layout.height, format.font,
                          line == 0 ? " Bold" : "",
                          (line == 0 ? kTitleSize : 1.0) * format.type * format.points);
  return labels;
}

/// Text of at most so many letters, with "…" for those cut off.
std::string cut(const std::string& text, std::size_t most) {
  if (record::display_width(text) <= most) return text;
  std::size_t letters = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (starts && ++letters == most) break;
    ++end;
  }
  return text.substr(0, end) + "…";
}

void shorten(std::vector<Plot>& plots, std::size_t most) {
  for (Plot& plot : plots) {
    for (Curve& curve : plot.curves) curve.name = cut(curve.name, most);
    for (Band& band : plot.bands) band.name = cut(band.name, most);
  }
}

std::string script_of(std::span<const record::NamedRun> runs, FigureFile file,
                      const FigureOptions& options) {
  std::vector<Plot> plots = plots_of(runs);
  if (plots.empty())
    throw record::Error(
        "figure: the run has no point; one attack at one ε is needed; run the evaluation");
  const Format format = format_of(file, options);
  if (format.legend_inside) shorten(plots, longest_name(format));
  const About subject = about(runs);
  const std::vector<std::string> titles = titles_of(subject, file, options);
  const Layout layout = layout_of(plots, titles, subject.classes, format);
  const bool whole = format.units >= 1.0;  // pixels, not inches
  const auto size = [&](double pixels) {
    return whole ? std::round(format.units * pixels) : format.units * pixels;
  };
  std::string script =
      fmt::format("set encoding utf8\nset terminal {} noenhanced font '{},{}' size {},{} {}\n",
                  format.terminal, format.font, format.type * format.points, size(layout.width),
                  size(layout.height), format.options);
  script +=
      "set border 3 lc rgb '#404040'\n"
      "set tics nomirror out scale 0.6\n"
      "set grid lc rgb '#DDDDDD' lt 1 lw 0.7\n"
      "set yrange [0:100]\n"
      "set ytics 0,20,100\n"
      "set multiplot\n";
  script += title_labels(titles, layout, format);
  for (std::size_t i = 0; i < plots.size(); ++i) {
    script += plot_script(plots[i], layout.plots[i], layout, subject, format);
    if (i == 0) script += "unset label\n";
  }
  return script + "unset multiplot\n";
}

// Cairo writes the time of day; blanks of the same length leave all offsets as they are.
std::string without_date(std::string pdf) {
  constexpr std::string_view kKey = "/CreationDate (";
  const std::size_t date = pdf.rfind(kKey);
  const std::size_t end = date == std::string::npos ? date : pdf.find(')', date);
  if (end != std::string::npos)
    std::fill_n(pdf.begin() + static_cast<std::ptrdiff_t>(date), end + 1 - date, ' ');
  return pdf;
}

}  // namespace

std::string draw(std::span<const record::NamedRun> runs, FigureFile file,
                 const FigureOptions& options) {
  const std::string script = script_of(runs, file, options);
  switch (file) {
    case FigureFile::kSvg:
      return run_gnuplot_svg(
          script, runs.size() == 1 ? record::subject_of(*runs.front().run).title()
                                   : fmt::format("{}", fmt::join(about(runs).models, " and ")));
    case FigureFile::kPng: return run_gnuplot(within_font(script));
    case FigureFile::kPdf: break;
  }
  return without_date(run_gnuplot(within_font(script)));
}

std::string to_curve_svg(const record::Run& run) {
  return draw(std::array{record::NamedRun{.name = "", .run = &run}}, FigureFile::kSvg);
}

std::string to_curve_png(const record::Run& run) {
  return draw(std::array{record::NamedRun{.name = "", .run = &run}}, FigureFile::kPng);
}

std::string to_curve_pdf(const record::Run& run) {
  return draw(std::array{record::NamedRun{.name = "", .run = &run}}, FigureFile::kPdf);
}

}  // namespace gibbon::reports::figure
