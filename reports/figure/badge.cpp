// SPDX-License-Identifier: MIT
#include "reports/figure/badge.hpp"

#include <fmt/format.h>

#include "reports/record/series.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::figure {
namespace {

// In pixels, as badges of other tools that stand beside it.
constexpr double kHeight = 20;
constexpr double kPad = 7;
constexpr double kLetter = 6.6;  // of Verdana at 11 px, on average; textLength makes it fit

std::string value_of(const record::Run& run) {
  for (const record::Panel& panel : record::panels_of(run)) {
    const record::CurvePoint* point = panel.headline();
    if (point == nullptr) continue;
    return fmt::format("{} at {} ε = {}", record::percent(point->accuracy()),
                       record::norm_symbol(panel.norm), record::compact(point->epsilon));
  }
  return "not measured";
}

struct Part {
  std::string text;
  std::string_view colour;
  double left = 0.0;

  [[nodiscard]] double letters() const {
    return kLetter * static_cast<double>(record::display_width(text));
  }
  [[nodiscard]] double width() const { return letters() + 2 * kPad; }
  [[nodiscard]] std::string svg() const {
    return fmt::format(
        "<rect x=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>"
        "<text x=\"{:.1f}\" y=\"14\" textLength=\"{:.1f}\">{}</text>\n",
        left, width(), kHeight, colour, left + kPad, letters(), record::escape_html(text));
  }
};

}  // namespace

std::string to_badge_svg(const record::Run& run) {
  const Part left{.text = "robust accuracy", .colour = "#555555"};
  const Part right{.text = value_of(run), .colour = "#0b5a8f", .left = left.width()};
  const double width = right.left + right.width();
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.1f}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\">\n<title>{2}</title>\n"
      "<clipPath id=\"r\"><rect width=\"{0:.1f}\" height=\"{1}\" rx=\"3\"/></clipPath>\n"
      "<g clip-path=\"url(#r)\" fill=\"#ffffff\" font-family=\"Verdana, DejaVu Sans, sans-serif\" "
      "font-size=\"11\">\n{3}{4}</g>\n</svg>\n",
      width, kHeight, record::escape_html(left.text + ": " + right.text), left.svg(), right.svg());
}

}  // namespace gibbon::reports::figure
