// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "reports/gallery/picture.hpp"

namespace gibbon::reports::gallery {
namespace {

constexpr double kMargin = 20;
constexpr double kTitle = 62;  // height of title and subtitle
constexpr double kImageSide = 112;
constexpr double kGap = 16;  // between cells
constexpr double kLine = 16;
constexpr double kWidestHead = 150;
constexpr double kWidestCell = 136;
constexpr double kNarrowest = 560;  // of a title that is cut rather than the picture widened

constexpr Font kTitleFont{16, Weight::kBold};
constexpr Font kSubtitleFont{12.5, Weight::kNormal};
constexpr Font kHeadFont{13, Weight::kBold};
constexpr Font kFont{12, Weight::kNormal};

struct Measures {
  double head_width = 0;
  double head_height = 0;  // of the column heads
  Size image;
  double cell_width = 0;
  std::size_t columns = 0;
};

void widen(double& width, const Label& label, Font font, double widest) {
  const std::string text = label.tail.empty() ? label.text : label.text + " · " + label.tail;
  width = std::max(width, std::min(widest, std::ceil(text_width(text, font))));
}

Measures measure(const Grid& grid) {
  Measures measures;
  for (const auto& head : grid.row_heads)
    for (const Label& line : head) widen(measures.head_width, line, kHeadFont, kWidestHead);
  for (const std::string& head : grid.column_heads)
    widen(measures.cell_width, {.text = head}, kHeadFont, kWidestCell);
  for (const auto& row : grid.rows) {
    measures.columns = std::max(measures.columns, row.size());
    for (const Cell& cell : row) {
      if (cell.pixels == nullptr) continue;
      const Size size = shown_size(*cell.pixels, kImageSide);
      measures.image.width = std::max(measures.image.width, size.width);
      measures.image.height = std::max(measures.image.height, size.height);
      for (const Label& label : cell.labels) widen(measures.cell_width, label, kFont, kWidestCell);
    }
  }
  measures.cell_width = std::max(measures.cell_width, measures.image.width);
  for (const std::string& head : grid.column_heads)
    measures.head_height =
        std::max(measures.head_height,
                 kLine * static_cast<double>(
                             lines_of({.text = head}, kHeadFont, measures.cell_width).size()) +
                     8);
  return measures;
}

double row_height(const std::vector<Cell>& row, const Measures& measures) {
  std::size_t most = 0;
  for (const Cell& cell : row) {
    std::size_t lines = 0;
    for (const Label& label : cell.labels)
      lines += lines_of(label, kFont, measures.cell_width).size();
    most = std::max(most, lines);
  }
  return measures.image.height + kLine * static_cast<double>(most) + 8 + kGap;
}

void draw_cell(Canvas& canvas, const Cell& cell, double left, double top,
               const Measures& measures) {
  if (cell.pixels == nullptr) return;
  const double centre = left + measures.cell_width / 2;
  canvas.image(centre - measures.image.width / 2, top, measures.image.width, measures.image.height,
               *cell.pixels);
  double y = top + measures.image.height + kLine;
  for (const Label& label : cell.labels)
    for (const std::string& line : lines_of(label, kFont, measures.cell_width)) {
      canvas.text(centre, y, measures.cell_width, line, kFont, label.colour, Align::kCentre);
      y += kLine;
    }
}

void draw_row_head(Canvas& canvas, const std::vector<Label>& head, double top,
                   const Measures& measures) {
  std::vector<Label> lines;
  for (const Label& label : head)
    for (std::string& line : lines_of(label, kHeadFont, measures.head_width))
      lines.push_back({.text = std::move(line), .colour = label.colour});
  double y =
      top + measures.image.height / 2 + 4 - kLine * (static_cast<double>(lines.size()) - 1) / 2;
  for (const Label& line : lines) {
    canvas.text(kMargin, y, measures.head_width, line.text, kHeadFont, line.colour, Align::kLeft);
    y += kLine;
  }
}

// The last line stands right above the images, whose top is at `bottom`.
void draw_column_head(Canvas& canvas, const std::string& head, double centre, double bottom,
                      const Measures& measures) {
  const auto lines = lines_of({.text = head}, kHeadFont, measures.cell_width);
  double y = bottom - 8 - kLine * static_cast<double>(lines.size() - 1);
  for (const std::string& line : lines) {
    canvas.text(centre, y, measures.cell_width, line, kHeadFont, kInk, Align::kCentre);
    y += kLine;
  }
}

}  // namespace

Canvas draw_grid(const Grid& grid) {
  const Measures measures = measure(grid);
  const double pitch = measures.cell_width + kGap;
  const double left = kMargin + (grid.row_heads.empty() ? 0.0 : measures.head_width + kGap);
  const double content = left + pitch * static_cast<double>(measures.columns) - kGap + kMargin;
  const double width = std::max(content, kNarrowest);
  const double room = width - 2 * kMargin;
  const auto subtitle = wrap(grid.subtitle, kSubtitleFont, room, 3);
  const double extra = kLine * static_cast<double>(subtitle.size() - 1);
  double height = kTitle + extra + measures.head_height;
  for (const auto& row : grid.rows) height += row_height(row, measures);
  Canvas canvas(width, height);
  canvas.text(kMargin, 28, room, grid.title, kTitleFont, kInk, Align::kLeft);
  double y = 47;
  for (const std::string& line : subtitle) {
    canvas.text(kMargin, y, room, line, kSubtitleFont, kFaint, Align::kLeft);
    y += kLine;
  }
  for (std::size_t c = 0; c < grid.column_heads.size(); ++c)
    draw_column_head(canvas, grid.column_heads[c],
                     left + pitch * static_cast<double>(c) + measures.cell_width / 2,
                     kTitle + extra + measures.head_height, measures);
  double top = kTitle + extra + measures.head_height;
  for (std::size_t r = 0; r < grid.rows.size(); ++r) {
    if (!grid.row_heads.empty()) draw_row_head(canvas, grid.row_heads[r], top, measures);
    for (std::size_t c = 0; c < grid.rows[r].size(); ++c)
      draw_cell(canvas, grid.rows[r][c], left + pitch * static_cast<double>(c), top, measures);
    top += row_height(grid.rows[r], measures);
  }
  return canvas;
}

}  // namespace gibbon::reports::gallery
