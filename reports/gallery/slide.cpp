// SPDX-License-Identifier: MIT
#include "reports/gallery/slide.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace gibbon::reports::gallery {
namespace {

constexpr std::size_t kSmallestPhotograph = 64;
constexpr double kMargin = 24;
constexpr double kAround = 14;      // an operator, on each side
constexpr double kAboutSide = 480;  // pixels of the PNG that small photographs grow to
constexpr double kNarrowest = 200;  // of a cell, so that names have room
constexpr double kFormulaLine = 22;
constexpr double kNameLine = 22;
constexpr double kNoteLine = 15;
constexpr double kGap = 26;  // between rows
constexpr std::size_t kMostNotes = 6;

constexpr Font kOperatorFont{24, Weight::kNormal};
constexpr Font kFormulaFont{15, Weight::kNormal};
constexpr Font kNameFont{17, Weight::kBold};
constexpr Font kConfidenceFont{15, Weight::kNormal};
constexpr Font kNoteFont{11.5, Weight::kNormal};

struct Measures {
  Size image;
  double cell = 0;  // width
  double plus = 0;  // width of "+ factor ×"
  double equals = 0;
  [[nodiscard]] double width() const { return 2 * kMargin + 3 * cell + plus + equals; }
  [[nodiscard]] double room() const { return width() - 2 * kMargin; }
};

std::string operator_text(const SlideRow& row) { return "+ " + row.factor + " ×"; }

std::array<const SlidePart*, 3> parts(const SlideRow& row) {
  return {&row.clean, &row.noise, &row.adversarial};
}

/// Pixels of the PNG for each pixel of the picture: a whole number, so that none is blurred.
Size whole_size(const record::Pixels& pixels) {
  const double longest = std::max(pixels.width, pixels.height);
  const double factor = std::max(1.0, std::round(kAboutSide / longest)) / Canvas::kScale;
  return {.width = factor * pixels.width, .height = factor * pixels.height};
}

Measures measure(std::span<const SlideRow> rows) {
  Measures measures{.image = whole_size(*rows.front().clean.pixels)};
  measures.cell = std::max(kNarrowest, std::ceil(measures.image.width));
  measures.equals = std::ceil(text_width("=", kOperatorFont)) + 2 * kAround;
  for (const SlideRow& row : rows) {
    measures.plus = std::max(
        measures.plus, std::ceil(text_width(operator_text(row), kOperatorFont)) + 2 * kAround);
    for (const SlidePart* part : parts(row))
      measures.cell = std::max(measures.cell, std::ceil(text_width(part->formula, kFormulaFont)));
  }
  return measures;
}

std::vector<std::string> name_lines(const SlidePart& part, const Measures& measures) {
  return lines_of({.text = part.name}, kNameFont, measures.cell);
}

std::vector<std::string> note_lines(const SlideRow& row, const Measures& measures) {
  return wrap(row.note, kNoteFont, measures.room(), kMostNotes);
}

double names_height(const SlideRow& row, const Measures& measures) {
  std::size_t most = 0;
  for (const SlidePart* part : parts(row))
    most = std::max(most, name_lines(*part, measures).size());
  return kNameLine * static_cast<double>(most);
}

double row_height(const SlideRow& row, const Measures& measures) {
  return measures.image.height + kFormulaLine + 4 + names_height(row, measures) + kNameLine +
         kNoteLine * static_cast<double>(note_lines(row, measures).size()) + 14;
}

void draw_part(Canvas& canvas, const SlidePart& part, double centre, double top,
               const Measures& measures) {
  // On whole pixels of the PNG, or squares would be cut.
  const double left =
      std::round(Canvas::kScale * (centre - measures.image.width / 2)) / Canvas::kScale;
  canvas.image(left, top, measures.image.width, measures.image.height, *part.pixels);
  double y = top + measures.image.height + kFormulaLine;
  canvas.text(centre, y, measures.cell, part.formula, kFormulaFont, kInk, Align::kCentre);
  y += 4;
  for (const std::string& line : name_lines(part, measures)) {
    y += kNameLine;
    canvas.text(centre, y, measures.cell, line, kNameFont, part.colour, Align::kCentre);
  }
  canvas.text(centre, y + kNameLine, measures.cell, part.confidence, kConfidenceFont, part.colour,
              Align::kCentre);
}

void draw_row(Canvas& canvas, const SlideRow& row, double top, const Measures& measures) {
  const double first = kMargin + measures.cell / 2;
  const double second = first + measures.cell + measures.plus;
  const double third = second + measures.cell + measures.equals;
  if (row.clean.pixels != nullptr) draw_part(canvas, row.clean, first, top, measures);
  draw_part(canvas, row.noise, second, top, measures);
  draw_part(canvas, row.adversarial, third, top, measures);
  const double middle = top + measures.image.height / 2 + 8;
  canvas.text((first + second) / 2, middle, measures.plus, operator_text(row), kOperatorFont, kInk,
              Align::kCentre);
  canvas.text((second + third) / 2, middle, measures.equals, "=", kOperatorFont, kInk,
              Align::kCentre);
  double y =
      top + measures.image.height + kFormulaLine + 4 + names_height(row, measures) + kNameLine + 8;
  for (const std::string& line : note_lines(row, measures)) {
    y += kNoteLine;
    canvas.text(kMargin, y, measures.room(), line, kNoteFont, kFaint, Align::kLeft);
  }
}

}  // namespace

bool is_photograph(std::size_t height, std::size_t width) {
  return std::min(height, width) >= kSmallestPhotograph;
}

std::vector<std::uint8_t> noise_levels(std::span<const float> perturbation, double scale) {
  std::vector<std::uint8_t> levels;
  levels.reserve(perturbation.size());
  for (const float value : perturbation) {
    const double share = scale > 0.0 ? std::clamp(double{value} / scale, -1.0, 1.0) : 0.0;
    levels.push_back(static_cast<std::uint8_t>(std::lround(127.5 + 127.5 * share)));
  }
  return levels;
}

Canvas draw_slide(std::span<const SlideRow> rows) {
  const Measures measures = measure(rows);
  double height = 2 * kMargin + kGap * static_cast<double>(rows.size() - 1);
  for (const SlideRow& row : rows) height += row_height(row, measures);
  Canvas canvas(measures.width(), height);
  double top = kMargin;
  for (const SlideRow& row : rows) {
    draw_row(canvas, row, top, measures);
    top += row_height(row, measures) + kGap;
  }
  return canvas;
}

}  // namespace gibbon::reports::gallery
