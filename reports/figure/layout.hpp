// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reports/figure/curves.hpp"
#include "reports/figure/figure.hpp"
#include "reports/record/subject.hpp"

// Where the parts of a figure lie. Lengths are in pixels of 1/96 inch, from the upper left corner.
namespace gibbon::reports::figure {

/// What differs between the files.
struct Format {
  std::string_view terminal;
  std::string_view options;
  double units = 1.0;   ///< of the terminal's sizes, per pixel
  double points = 1.0;  ///< of the terminal's type sizes, per pixel
  double type = 14.0;   ///< type size
  std::string font = "DejaVu Sans";
  double width = 0.0;  ///< of the picture; 0: what the plots and the legend need
  double height = 0.0;
  double plot_width = 560.0;  ///< where `width` is 0
  double plot_height = 300.0;
  bool legend_inside = false;  ///< else beside the plot
};

/// Where a legend stands: beside its plot, inside, where no curve is, or above it.
enum class LegendPlace { kNone, kBeside, kInside, kAbove };

struct Legend {
  LegendPlace place = LegendPlace::kNone;
  std::size_t columns = 1;
  double type = 0.0;  ///< its type size
  double left = 0.0;  ///< of its upper left corner
  double top = 0.0;   ///< likewise; of one inside, from the top of the plot until it is stacked
};

struct PlotBox {
  double top = 0.0;
  double bottom = 0.0;
  Legend legend;
};

struct Layout {
  double width = 0.0;
  double height = 0.0;
  double left = 0.0;  ///< of all plots
  double right = 0.0;
  double title_left = 0.0;
  std::vector<PlotBox> plots;
};

/// Names in the legend of a plot, that of guessing among `classes` included where it is known.
[[nodiscard]] std::vector<std::string> legend_names(const Plot& plot, std::size_t classes);

/// "chance level, 1 of 10"
[[nodiscard]] std::string chance_name(std::size_t classes);

/// Throws Error when the asked size leaves no room for curves.
[[nodiscard]] Layout layout_of(std::span<const Plot> plots, std::span<const std::string> titles,
                               std::size_t classes, const Format& format);

/// Letters of the longest name that a legend inside has room for.
[[nodiscard]] std::size_t longest_name(const Format& format);

/// Width of a text of this type size, rounded up.
[[nodiscard]] double text_width(const std::string& text, double type);

}  // namespace gibbon::reports::figure
