// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "reports/gallery/colour_map.hpp"
#include "reports/gallery/picture.hpp"

namespace gibbon::reports::gallery {
namespace {

constexpr double kMargin = 20;
constexpr double kTitle = 48;     // height of the title above the first row
constexpr double kHead = 26;      // of the line above the images
constexpr double kScale = 46;     // of the scale below the perturbation
constexpr double kGap = 18;       // between rows
constexpr double kLine = 18;      // of the lines below the images
constexpr double kOperator = 40;  // width of "+" and "="
constexpr double kImageSide = 224;
constexpr double kWidestCell = 300;

constexpr Font kTitleFont{16, Weight::kBold};
constexpr Font kLabelFont{14, Weight::kNormal};
constexpr Font kSmallFont{11.5, Weight::kNormal};
constexpr Font kOperatorFont{30, Weight::kNormal};

struct Measures {
  Size image;
  double cell = 0;  // width
};

std::string whole(const Label& label) {
  return label.tail.empty() ? label.text : label.text + " · " + label.tail;
}

Measures measure(std::span<const Triptych> rows) {
  Measures measures{.image = shown_size(*rows.front().clean, kImageSide)};
  double text = 0;
  for (const Triptych& row : rows)
    text = std::max({text, text_width(whole(row.clean_label), kLabelFont),
                     text_width(whole(row.adversarial_label), kLabelFont),
                     text_width(row.formula, kLabelFont), text_width(row.note, kSmallFont)});
  measures.cell =
      std::ceil(std::max({measures.image.width, std::min(text, kWidestCell),
                          perturbation_size(*rows.front().clean, measures.image).width}));
  return measures;
}

double foot_height(const Triptych& row, double cell) {
  const auto lines = [&](const Label& label) {
    return static_cast<double>(lines_of(label, kLabelFont, cell).size());
  };
  const double right = lines(row.adversarial_label) + (row.note.empty() ? 0.0 : 1.0);
  return std::max(kScale, 6 + kLine * std::max(lines(row.clean_label), right)) + kGap;
}

void draw_row(Canvas& canvas, const Triptych& row, double top, const Measures& measures) {
  const auto& [image, cell] = measures;
  const double first = kMargin + cell / 2;
  const double second = first + cell + kOperator;
  const double third = second + cell + kOperator;
  const double image_top = top + kHead;
  const double below = image_top + image.height;
  const auto head = [&](double centre, const std::string& text) {
    canvas.text(centre, image_top - 9, cell, text, kLabelFont, kInk, Align::kCentre);
  };
  const auto show = [&](double centre, const record::Pixels& pixels) {
    canvas.image(centre - image.width / 2, image_top, image.width, image.height, pixels);
  };
  const auto foot = [&](double centre, const Label& label) {
    double y = below + 21;
    for (const std::string& line : lines_of(label, kLabelFont, cell)) {
      canvas.text(centre, y, cell, line, kLabelFont, label.colour, Align::kCentre);
      y += kLine;
    }
    return y;
  };
  head(first, "x");
  head(second, row.formula);
  head(third, "x′");
  show(first, *row.clean);
  draw_perturbation(canvas, second, image_top, image, *row.clean, row.perturbation,
                    largest_magnitude(row.perturbation));
  show(third, *row.adversarial);

  const double middle = image_top + image.height / 2 + 10;
  const double shift = (cell + kOperator) / 2;
  canvas.text(first + shift, middle, kOperator, "+", kOperatorFont, kInk, Align::kCentre);
  canvas.text(second + shift, middle, kOperator, "=", kOperatorFont, kInk, Align::kCentre);
  foot(first, row.clean_label);
  const double next = foot(third, row.adversarial_label);
  canvas.text(third, next - 1, cell, row.note, kSmallFont, kFaint, Align::kCentre);
}

}  // namespace

Canvas draw_triptychs(const std::string& title, std::span<const Triptych> rows) {
  const Measures measures = measure(rows);
  double height = kTitle;
  for (const Triptych& row : rows)
    height += kHead + measures.image.height + foot_height(row, measures.cell);
  Canvas canvas(2 * kMargin + 3 * measures.cell + 2 * kOperator, height);
  canvas.text(kMargin, 30, canvas.width() - 2 * kMargin, title, kTitleFont, kInk, Align::kLeft);
  double top = kTitle;
  for (const Triptych& row : rows) {
    draw_row(canvas, row, top, measures);
    top += kHead + measures.image.height + foot_height(row, measures.cell);
  }
  return canvas;
}

}  // namespace gibbon::reports::gallery
