// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reports/gallery/canvas.hpp"
#include "reports/record/record.hpp"

// The layouts of gallery pictures. What goes into them is chosen in gallery.cpp and its neighbours.
namespace gibbon::reports::gallery {

/// Width and height in CSS pixels.
struct Size {
  double width = 0;
  double height = 0;
};

/// An image of about `side` CSS pixels: small ones grow by a whole factor, so that every pixel
/// becomes an equal square.
[[nodiscard]] Size shown_size(const record::Pixels& pixels, double side);

/// Text under a picture or beside a row. `tail` is never lost: where both do not fit into a line,
/// it gets one of its own.
struct Label {
  std::string text;
  Rgb colour = kInk;
  std::string tail;
};

/// The label in lines of at most `room` where it can be broken, four at most and one for the tail.
[[nodiscard]] std::vector<std::string> lines_of(const Label& label, Font font, double room);

/// A row of a sample's figure: x (which all rows share) + difference = adversarial.
struct SampleStep {
  std::span<const float> perturbation;
  double end = 0.0;     ///< change that its colours end at
  std::string formula;  ///< above the perturbation
  const record::Pixels* adversarial = nullptr;
  Label adversarial_label;
  std::string note;  ///< below the adversarial image; may be empty
};

/// A sample at one or several budgets. All pictures have the same size.
struct SampleFigure {
  const record::Pixels* clean = nullptr;
  Label clean_label;
  std::span<const float> direction;  ///< -1, 0 or 1, of x's layout: sign(∇ₓJ); empty: not shown
  std::vector<SampleStep> steps;     ///< at least one
};

/// x and, before it, the direction, once; beside them a row per budget.
[[nodiscard]] Canvas draw_sample(const std::string& title, const SampleFigure& sample);

/// Box of a signed perturbation of pictures shown at `image`: one map, or three side by side, named
/// red, green and blue.
[[nodiscard]] Size perturbation_size(const record::Pixels& layout, Size image);

/// What the colours of a perturbation mean.
struct Scale {
  double end = 0.0;  ///< blue is -end, red is +end; what is beyond is cut off
  std::string_view unit = "change of a pixel in [0, 1]";
};

/// Draws it as diverging colours with its centre at x and its top at y, as high as `image`, and
/// below it, 40 CSS pixels high, the scale.
void draw_perturbation(Canvas& canvas, double x, double y, Size image, const record::Pixels& layout,
                       std::span<const float> values, const Scale& scale);

/// A cell of a grid: a picture and the labels under it.
struct Cell {
  const record::Pixels* pixels = nullptr;
  std::vector<Label> labels;
};

/// A table of pictures.
struct Grid {
  std::string title;
  std::string subtitle;
  std::vector<std::string> column_heads;      ///< empty: none
  std::vector<std::vector<Label>> row_heads;  ///< likewise
  std::vector<std::vector<Cell>> rows;        ///< a cell without pixels stays empty
};
[[nodiscard]] Canvas draw_grid(const Grid& grid);

}  // namespace gibbon::reports::gallery
