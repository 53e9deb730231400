// SPDX-License-Identifier: MIT
#include "reports/figure/layout.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "base/printable.hpp"
#include "reports/figure/figure_band.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::figure {
namespace {

// Sizes in multiples of the type size.
constexpr double kLeft = 6.0;
constexpr double kRight = 1.2;       // where the legend is inside
constexpr double kAbove = 2.6;       // of each panel, where the legend is beside it
constexpr double kTight = 1.2;       // likewise, where it is inside
constexpr double kUnder = 4.6;       // of each panel: ticks and axis label
constexpr double kGap = 1.4;         // below all of a panel
constexpr double kHeaderLine = 1.8;  // of the picture, per title line
constexpr double kHeaderRest = 0.8;
constexpr double kLegendLine = 3.9;    // width of a line in the legend and its distances
constexpr double kShortLine = 2.9;     // likewise, inside
constexpr double kLegendHeight = 1.6;  // of one entry
constexpr double kSmall = 0.88;        // type size of a legend inside
constexpr double kPadding = 1.0;       // around a legend, both sides together
constexpr double kLegendSmall = 1.42;  // height of an entry inside
constexpr double kLetter = 0.6;        // mean advance of DejaVu Sans, rounded up
constexpr double kTitleLetter = 0.76;
constexpr double kLeastPlot = 60.0;  // pixels, of either side

struct Box {  // in shares of the plot, from its lower left corner
  double left = 0.0;
  double right = 1.0;
  double bottom = 0.0;
  double top = 1.0;
};

// What a curve covers at x: the interval around it, interpolated.
bool covers(const Curve& curve, double epsilon, const Box& box) {
  const auto right = std::ranges::lower_bound(curve.spots, epsilon, {}, &Spot::epsilon);
  if (right == curve.spots.end()) return false;
  const Spot& to = *right;
  const Spot& from = right == curve.spots.begin() ? to : *(right - 1);
  const double span = to.epsilon - from.epsilon;
  const double share = span > 0.0 ? (epsilon - from.epsilon) / span : 0.0;
  const double low = from.low + share * (to.low - from.low);
  const double high = from.high + share * (to.high - from.high);
  return low < 100.0 * box.top && high > 100.0 * box.bottom;
}

bool is_free(const Plot& plot, std::size_t classes, const Box& box) {
  constexpr int kSteps = 100;
  if (!plot.bands.empty()) return false;
  if (classes > 0 && box.bottom < 1.0 / static_cast<double>(classes)) return false;
  const double largest = plot.largest_epsilon();
  for (int k = 0; k <= kSteps; ++k) {
    const double epsilon = largest * (box.left + (box.right - box.left) * k / kSteps);
    for (const Curve& curve : plot.curves)
      if (covers(curve, epsilon, box)) return false;
  }
  return true;
}

double entry_width(const std::vector<std::string>& names, double type, double line) {
  double widest = 0.0;
  for (const std::string& name : names) widest = std::max(widest, text_width(name, type));
  return type * (line + kPadding) + widest;
}

// The place for a box of this size, in shares of the plot, that is nearest to the upper right
// corner, where curves that fall leave room.
std::optional<Box> free_place(const Plot& plot, std::size_t classes, double across, double down) {
  constexpr int kSteps = 20;
  for (int x = 0; x <= kSteps; ++x)
    for (int y = 0; y <= kSteps; ++y) {
      const double right = 1.0 - (1.0 - across) * x / kSteps;
      const double top = 1.0 - (1.0 - down) * y / kSteps;
      const Box box{.left = right - across, .right = right, .bottom = top - down, .top = top};
      if (is_free(plot, classes, box)) return box;
    }
  return std::nullopt;
}

// Where no curve is, else above the plot.
Legend legend_inside(const Plot& plot, std::size_t classes, double left, double width,
                     double height, double whole_type) {
  const double type = kSmall * whole_type;
  const std::vector<std::string> names = legend_names(plot, classes);
  const double entry = entry_width(names, type, kShortLine);
  const double across = entry / width;
  const double down = kLegendSmall * type * static_cast<double>(names.size()) / height;
  if (across < 1.0 && down < 1.0) {
    if (const auto box = free_place(plot, classes, across, down))
      return {.place = LegendPlace::kInside,
              .type = type,
              .left = left + box->left * width,
              .top = (1.0 - box->top) * height};
  }
  const auto columns = static_cast<std::size_t>(std::max(1.0, std::floor(width / entry)));
  return {.place = LegendPlace::kAbove, .columns = columns, .type = type, .left = left};
}

double height_above(const Legend& legend, std::size_t entries) {
  if (legend.place != LegendPlace::kAbove) return 0.0;
  const std::size_t lines = (entries + legend.columns - 1) / legend.columns;
  return legend.type * (kLegendSmall * static_cast<double>(lines) + 0.8);
}

[[noreturn]] void fail_size(const Format& format) {
  throw record::Error(
      fmt::format("figure: {:.0f} × {:.0f} mm leave no room for the curves; choose a larger size, "
                  "smaller type or shorter labels",
                  format.width * 25.4 / 96.0, format.height * 25.4 / 96.0));
}

double header_height(std::span<const std::string> titles, double type) {
  return titles.empty() ? 0.0
                        : type * (kHeaderLine * static_cast<double>(titles.size()) + kHeaderRest);
}

double title_width(std::span<const std::string> titles, double type) {
  double widest = 0.0;
  for (std::size_t line = 0; line < titles.size(); ++line) {
    const double letter = line == 0 ? kTitleLetter : kLetter;
    widest =
        std::max(widest, letter * type * static_cast<double>(record::display_width(titles[line])));
  }
  return widest;
}

// What the panels have in common.
struct Panels {
  double plot_height = 0.0;
  double above = 0.0;
  double rest = 0.0;  // below
};

Layout stack(Layout layout, std::span<const Plot> plots, std::size_t classes, double header,
             const Panels& panels) {
  double top = header;
  for (std::size_t i = 0; i < plots.size(); ++i) {
    PlotBox& box = layout.plots[i];
    box.top = top + panels.above + height_above(box.legend, legend_names(plots[i], classes).size());
    box.bottom = box.top + panels.plot_height;
    box.legend.top += box.legend.place == LegendPlace::kInside ? box.top : top;
    top = box.bottom + panels.rest;
  }
  layout.height = top;
  return layout;
}

Layout beside(std::span<const Plot> plots, std::span<const std::string> titles, std::size_t classes,
              const Format& format) {
  const double type = format.type;
  std::size_t entries = 0;
  double entry = 0.0;
  for (const Plot& plot : plots) {
    const std::vector<std::string> names = legend_names(plot, classes);
    entries = std::max(entries, names.size());
    entry = std::max(entry, entry_width(names, type, kLegendLine));
  }
  Layout layout{.left = kLeft * type, .title_left = kLeft * type};
  layout.right = format.width > 0.0 ? format.width - entry : layout.left + format.plot_width;
  layout.width =
      format.width > 0.0
          ? format.width
          : std::max(layout.right + entry, layout.title_left + type + title_width(titles, type));
  layout.plots.assign(plots.size(), {.legend = {.place = LegendPlace::kBeside,
                                                .type = type,
                                                .left = layout.right + 3.0 * type,
                                                .top = (kAbove - 0.4) * type}});
  Panels panels{.plot_height = std::max(format.plot_height,
                                        kLegendHeight * type * static_cast<double>(entries)),
                .above = kAbove * type,
                .rest = (kUnder + kGap) * type};
  const double header = header_height(titles, type);
  if (format.height > 0.0)
    panels.plot_height =
        (format.height - header) / static_cast<double>(plots.size()) - panels.above - panels.rest;
  if (layout.right - layout.left < kLeastPlot || panels.plot_height < kLeastPlot) fail_size(format);
  return stack(layout, plots, classes, header, panels);
}

Layout inside(std::span<const Plot> plots, std::span<const std::string> titles, std::size_t classes,
              const Format& format) {
  const double type = format.type;
  Layout layout{.width = format.width, .left = kLeft * type, .title_left = 0.8 * type};
  layout.right = layout.width - kRight * type;
  Panels panels{.plot_height = format.plot_height, .above = kTight * type, .rest = kUnder * type};
  const double header = header_height(titles, type);
  const double width = layout.right - layout.left;
  if (width < kLeastPlot) fail_size(format);
  const auto place = [&] {
    layout.plots.clear();
    double legends = 0.0;
    std::vector<std::string> last;
    for (const Plot& plot : plots) {
      const std::vector<std::string> names = legend_names(plot, classes);
      PlotBox& box = layout.plots.emplace_back();
      if (names != last)
        box.legend = legend_inside(plot, classes, layout.left, width, panels.plot_height, type);
      legends += height_above(box.legend, names.size());
      last = names;
    }
    return legends;
  };
  double legends = place();
  if (format.height > 0.0) {
    const auto free_height = [&] {
      return (format.height - header - legends) / static_cast<double>(plots.size()) - panels.above -
             panels.rest;
    };
    // A legend that does not fit into the lower plot any more moves above it.
    panels.plot_height = free_height();
    legends = place();
    panels.plot_height = free_height();
    if (panels.plot_height < kLeastPlot) fail_size(format);
  }
  return stack(layout, plots, classes, header, panels);
}

}  // namespace

double text_width(const std::string& text, double type) {
  return kLetter * type * static_cast<double>(record::display_width(text));
}

std::size_t longest_name(const Format& format) {
  const double type = kSmall * format.type;
  const double room =
      format.width - (kLeft + kRight) * format.type - type * (kShortLine + kPadding);
  return static_cast<std::size_t>(std::max(1.0, room / (kLetter * type)));
}

std::string chance_name(std::size_t classes) {
  return fmt::format("chance level, 1 of {}", classes);
}

std::vector<std::string> legend_names(const Plot& plot, std::size_t classes) {
  std::vector<std::string> names;
  for (const Curve& curve : plot.curves) names.push_back(printable(curve.name));
  for (const Band& band : plot.bands)
    for (std::string& name : band_names(band)) names.push_back(std::move(name));
  if (classes > 0) names.push_back(chance_name(classes));
  return names;
}

Layout layout_of(std::span<const Plot> plots, std::span<const std::string> titles,
                 std::size_t classes, const Format& format) {
  return format.legend_inside ? inside(plots, titles, classes, format)
                              : beside(plots, titles, classes, format);
}

}  // namespace gibbon::reports::figure
