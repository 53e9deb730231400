// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/gallery/colour_map.hpp"
#include "reports/gallery/picture.hpp"
#include "reports/record/text.hpp"

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

constexpr const char* kDirection = "sign(∇ₓJ)";

struct Measures {
  Size image;
  double cell = 0;  // width
  double body = 0;  // height of all rows
  bool directed = false;

  /// The centre of x, the difference or x′; with place -1 of the direction, which stands before.
  [[nodiscard]] double centre(int place) const {
    return kMargin + cell / 2 + (cell + kOperator) * (place + (directed ? 1 : 0));
  }
};

std::string whole(const Label& label) {
  return label.tail.empty() ? label.text : label.text + " · " + label.tail;
}

double foot_height(const SampleStep& step, const Label& clean, double cell) {
  const auto lines = [&](const Label& label) {
    return static_cast<double>(lines_of(label, kLabelFont, cell).size());
  };
  const double right = lines(step.adversarial_label) + (step.note.empty() ? 0.0 : 1.0);
  return std::max(kScale, 6 + kLine * std::max(lines(clean), right)) + kGap;
}

double row_height(const SampleStep& step, const Label& clean, const Measures& measures) {
  return kHead + measures.image.height + foot_height(step, clean, measures.cell);
}

Measures measure(const SampleFigure& sample) {
  Measures measures{.image = shown_size(*sample.clean, kImageSide),
                    .directed = !sample.direction.empty()};
  double text = std::max(text_width(whole(sample.clean_label), kLabelFont),
                         text_width(kDirection, kLabelFont));
  for (const SampleStep& step : sample.steps)
    text = std::max({text, text_width(whole(step.adversarial_label), kLabelFont),
                     text_width(step.formula, kLabelFont), text_width(step.note, kSmallFont)});
  measures.cell = std::ceil(std::max({measures.image.width, std::min(text, kWidestCell),
                                      perturbation_size(*sample.clean, measures.image).width}));
  for (const SampleStep& step : sample.steps)
    measures.body += row_height(step, sample.clean_label, measures);
  return measures;
}

class Drawing {
 public:
  Drawing(Canvas& canvas, const Measures& measures) : canvas_(canvas), measures_(measures) {}

  void head(int place, double top, const std::string& text) {
    canvas_.text(measures_.centre(place), top + kHead - 9, measures_.cell, text, kLabelFont, kInk,
                 Align::kCentre);
  }

  void show(int place, double top, const record::Pixels& pixels) {
    const Size& image = measures_.image;
    canvas_.image(measures_.centre(place) - image.width / 2, top + kHead, image.width, image.height,
                  pixels);
  }

  /// -> the baseline after the last line.
  double foot(int place, double top, const Label& label) {
    double y = top + kHead + measures_.image.height + 21;
    for (const std::string& line : lines_of(label, kLabelFont, measures_.cell)) {
      canvas_.text(measures_.centre(place), y, measures_.cell, line, kLabelFont, label.colour,
                   Align::kCentre);
      y += kLine;
    }
    return y;
  }

  /// Before the picture at a place.
  void put_operator(int place, double top, const char* text) {
    canvas_.text(measures_.centre(place) - (measures_.cell + kOperator) / 2,
                 top + kHead + measures_.image.height / 2 + 10, kOperator, text, kOperatorFont,
                 kInk, Align::kCentre);
  }

  void differences(int place, double top, const record::Pixels& layout,
                   std::span<const float> values, const Scale& scale) {
    draw_perturbation(canvas_, measures_.centre(place), top + kHead, measures_.image, layout,
                      values, scale);
  }

  void note(int place, double baseline, const std::string& text) {
    canvas_.text(measures_.centre(place), baseline - 1, measures_.cell, text, kSmallFont, kFaint,
                 Align::kCentre);
  }

 private:
  Canvas& canvas_;
  const Measures& measures_;
};

}  // namespace

Canvas draw_sample(const std::string& title, const SampleFigure& sample) {
  const Measures measures = measure(sample);
  Canvas canvas(measures.centre(2) + measures.cell / 2 + kMargin, kTitle + measures.body);
  canvas.text(kMargin, 30, canvas.width() - 2 * kMargin, title, kTitleFont, kInk, Align::kLeft);
  Drawing drawing(canvas, measures);
  // What all rows share stands in their middle.
  const double once =
      kTitle + (measures.body - row_height(sample.steps.front(), sample.clean_label, measures)) / 2;
  drawing.head(0, once, "x");
  drawing.show(0, once, *sample.clean);
  drawing.foot(0, once, sample.clean_label);
  if (measures.directed) {
    drawing.head(-1, once, kDirection);
    drawing.differences(-1, once, *sample.clean, sample.direction,
                        {.end = 1.0, .unit = "sign of the gradient at x"});
  }
  double top = kTitle;
  for (const SampleStep& step : sample.steps) {
    drawing.head(1, top, step.formula);
    drawing.head(2, top, "x′");
    drawing.put_operator(1, top, "+");
    drawing.differences(1, top, *sample.clean, step.perturbation, {.end = step.end});
    drawing.put_operator(2, top, "=");
    drawing.show(2, top, *step.adversarial);
    drawing.note(2, drawing.foot(2, top, step.adversarial_label), step.note);
    top += row_height(step, sample.clean_label, measures);
  }
  return canvas;
}

}  // namespace gibbon::reports::gallery
