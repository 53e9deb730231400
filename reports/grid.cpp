#include <algorithm>
#include <cmath>

#include "reports/picture.hpp"

namespace gibbon::reports {
namespace {

constexpr double kMargin = 20;
constexpr double kTitle = 58;  // height of title and subtitle
constexpr double kColumnHead = 24;
constexpr double kImageSide = 112;
constexpr double kGap = 16;  // between cells
constexpr double kLine = 17;
constexpr double kWidestHead = 220;
constexpr double kWidestCell = 200;

constexpr Font kTitleFont{16, Weight::kBold};
constexpr Font kSubtitleFont{12.5, Weight::kNormal};
constexpr Font kHeadFont{13, Weight::kBold};
constexpr Font kFont{12, Weight::kNormal};

struct Measures {
  double head_width = 0;
  double image_width = 0;
  double image_height = 0;
  double cell_width = 0;
  double row_height = 0;
  std::size_t columns = 0;
};

void widen(double& width, const std::string& text, Font font, double widest) {
  width = std::max(width, std::min(widest, std::ceil(text_width(text, font))));
}

void measure_cell(Measures& measures, const Cell& cell) {
  if (cell.pixels == nullptr) return;
  const double side = std::max(cell.pixels->width, cell.pixels->height);
  const double factor = kImageSide / side > 1.0 ? std::round(kImageSide / side) : kImageSide / side;
  measures.image_width = std::max(measures.image_width, factor * cell.pixels->width);
  measures.image_height = std::max(measures.image_height, factor * cell.pixels->height);
  for (const Label& line : cell.lines) widen(measures.cell_width, line.text, kFont, kWidestCell);
  measures.row_height =
      std::max(measures.row_height,
               measures.image_height + kLine * static_cast<double>(cell.lines.size()) + 6 + kGap);
}

Measures measure(const Grid& grid) {
  Measures measures;
  for (const auto& head : grid.row_heads)
    for (const Label& line : head) widen(measures.head_width, line.text, kHeadFont, kWidestHead);
  for (const std::string& head : grid.column_heads)
    widen(measures.cell_width, head, kHeadFont, kWidestCell);
  for (const auto& row : grid.rows) {
    measures.columns = std::max(measures.columns, row.size());
    for (const Cell& cell : row) measure_cell(measures, cell);
  }
  measures.cell_width = std::max(measures.cell_width, measures.image_width);
  return measures;
}

void draw_cell(Canvas& canvas, const Cell& cell, double left, double top,
               const Measures& measures) {
  if (cell.pixels == nullptr) return;
  const double centre = left + measures.cell_width / 2;
  canvas.image(centre - measures.image_width / 2, top, measures.image_width, measures.image_height,
               *cell.pixels);
  double y = top + measures.image_height + kLine;
  for (const Label& line : cell.lines) {
    canvas.text(centre, y, measures.cell_width, line.text, kFont, line.colour, Align::kCentre);
    y += kLine;
  }
}

void draw_row_head(Canvas& canvas, const std::vector<Label>& head, double top,
                   const Measures& measures) {
  double y =
      top + measures.image_height / 2 + 4 - kLine * (static_cast<double>(head.size()) - 1) / 2;
  for (const Label& line : head) {
    canvas.text(kMargin, y, measures.head_width, line.text, kHeadFont, line.colour, Align::kLeft);
    y += kLine;
  }
}

}  // namespace

Canvas draw_grid(const Grid& grid) {
  const Measures measures = measure(grid);
  const double pitch = measures.cell_width + kGap;
  const double left = kMargin + measures.head_width + kGap;
  const double content = left + pitch * static_cast<double>(measures.columns) - kGap;
  const double titles = 2 * kMargin + std::max(text_width(grid.title, kTitleFont),
                                               text_width(grid.subtitle, kSubtitleFont));
  const double heads = grid.column_heads.empty() ? 0.0 : kColumnHead;
  Canvas canvas(std::max(content + kMargin, std::min(titles, 900.0)),
                kTitle + heads + measures.row_height * static_cast<double>(grid.rows.size()) + 4);
  const double room = canvas.width() - 2 * kMargin;
  canvas.text(kMargin, 28, room, grid.title, kTitleFont, kInk, Align::kLeft);
  canvas.text(kMargin, 47, room, grid.subtitle, kSubtitleFont, kFaint, Align::kLeft);
  for (std::size_t c = 0; c < grid.column_heads.size(); ++c)
    canvas.text(left + pitch * static_cast<double>(c) + measures.cell_width / 2, kTitle + 15,
                measures.cell_width, grid.column_heads[c], kHeadFont, kInk, Align::kCentre);
  double top = kTitle + heads;
  for (std::size_t r = 0; r < grid.rows.size(); ++r) {
    draw_row_head(canvas, grid.row_heads[r], top, measures);
    for (std::size_t c = 0; c < grid.rows[r].size(); ++c)
      draw_cell(canvas, grid.rows[r][c], left + pitch * static_cast<double>(c), top, measures);
    top += measures.row_height;
  }
  return canvas;
}

}  // namespace gibbon::reports
