#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/colour_map.hpp"
#include "reports/picture.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

constexpr double kMargin = 20;
constexpr double kTitle = 44;     // height of the title above the first row
constexpr double kHead = 26;      // of the line above the images
constexpr double kFoot = 62;      // of the lines below the images
constexpr double kOperator = 40;  // width of "+" and "="
constexpr double kImageSide = 224;
constexpr double kWidestCell = 360;
constexpr double kBarHeight = 9;

constexpr Font kTitleFont{16, Weight::kBold};
constexpr Font kLabelFont{14, Weight::kNormal};
constexpr Font kSmallFont{11.5, Weight::kNormal};
constexpr Font kOperatorFont{30, Weight::kNormal};

struct Size {
  double width = 0;
  double height = 0;
};

// Small images grow by a whole factor, so that every pixel becomes an equal square.
Size shown_size(const Pixels& pixels) {
  const double side = std::max(pixels.width, pixels.height);
  double factor = kImageSide / side;
  if (factor > 1.0) factor = std::round(factor);
  return {.width = factor * pixels.width, .height = factor * pixels.height};
}

double cell_width(std::span<const Triptych> rows, double image_width) {
  double width = image_width;
  for (const Triptych& row : rows)
    width = std::max({width, text_width(row.clean_label.text, kLabelFont),
                      text_width(row.adversarial_label.text, kLabelFont),
                      text_width(row.formula, kLabelFont), text_width(row.note, kSmallFont)});
  return std::ceil(std::min(width, std::max(image_width, kWidestCell)));
}

void draw_scale(Canvas& canvas, double centre, double y, double width, std::uint32_t channels,
                double largest) {
  const double left = centre - width / 2;
  const double right = centre + width / 2;
  const double base = y + kBarHeight + 15;
  canvas.image(left, y, width, kBarHeight, scale_bar(channels));
  canvas.text(left, base, width / 2, fmt::format("−{}", compact(largest)), kSmallFont, kInk,
              Align::kLeft);
  canvas.text(centre, base, width / 3, "0", kSmallFont, kInk, Align::kCentre);
  canvas.text(right, base, width / 2, fmt::format("+{}", compact(largest)), kSmallFont, kInk,
              Align::kRight);
}

void draw_row(Canvas& canvas, const Triptych& row, double top, Size image, double cell) {
  const double first = kMargin + cell / 2;
  const double second = first + cell + kOperator;
  const double third = second + cell + kOperator;
  const double image_top = top + kHead;
  const double below = image_top + image.height;
  const auto put = [&](double centre, double y, const Label& label, Font font) {
    canvas.text(centre, y, cell, label.text, font, label.colour, Align::kCentre);
  };
  const auto show = [&](double centre, const Pixels& pixels) {
    canvas.image(centre - image.width / 2, image_top, image.width, image.height, pixels);
  };
  put(first, image_top - 9, {.text = "x", .colour = kInk}, kLabelFont);
  put(second, image_top - 9, {.text = row.formula, .colour = kInk}, kLabelFont);
  put(third, image_top - 9, {.text = "x′", .colour = kInk}, kLabelFont);

  const double largest = largest_magnitude(row.perturbation);
  show(first, *row.clean);
  show(second, signed_pixels(row.perturbation, *row.clean, largest));
  show(third, *row.adversarial);

  const double middle = image_top + image.height / 2 + 10;
  const double shift = (cell + kOperator) / 2;
  canvas.text(first + shift, middle, kOperator, "+", kOperatorFont, kInk, Align::kCentre);
  canvas.text(second + shift, middle, kOperator, "=", kOperatorFont, kInk, Align::kCentre);

  put(first, below + 21, row.clean_label, kLabelFont);
  draw_scale(canvas, second, below + 8, image.width, row.clean->channels, largest);
  put(third, below + 21, row.adversarial_label, kLabelFont);
  put(third, below + 38, {.text = row.note, .colour = kFaint}, kSmallFont);
}

}  // namespace

Canvas draw_triptychs(const std::string& title, std::span<const Triptych> rows) {
  const Size image = shown_size(*rows.front().clean);
  const double cell = cell_width(rows, image.width);
  const double row_height = kHead + image.height + kFoot;
  Canvas canvas(2 * kMargin + 3 * cell + 2 * kOperator,
                kTitle + static_cast<double>(rows.size()) * row_height);
  canvas.text(kMargin, 30, canvas.width() - 2 * kMargin, title, kTitleFont, kInk, Align::kLeft);
  double top = kTitle;
  for (const Triptych& row : rows) {
    draw_row(canvas, row, top, image, cell);
    top += row_height;
  }
  return canvas;
}

}  // namespace gibbon::reports
