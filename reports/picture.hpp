#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reports/canvas.hpp"
#include "reports/record.hpp"

// The two layouts of gallery pictures. What goes into them is chosen in gallery.cpp.
namespace gibbon::reports {

/// A line of text under a picture or beside a row.
struct Label {
  std::string text;
  Rgb colour = kInk;
};

/// One row of the course's figure: clean + perturbation = adversarial.
struct Triptych {
  const Pixels* clean = nullptr;
  Label clean_label;
  std::span<const float> perturbation;
  std::string formula;  ///< above the perturbation
  const Pixels* adversarial = nullptr;
  Label adversarial_label;
  std::string note;  ///< below the adversarial image; may be empty
};

/// Rows below each other under a title. All rows have the same image size.
[[nodiscard]] Canvas draw_triptychs(const std::string& title, std::span<const Triptych> rows);

/// A cell of a grid: a picture and the lines under it.
struct Cell {
  const Pixels* pixels = nullptr;
  std::vector<Label> lines;
};

/// A table of pictures.
struct Grid {
  std::string title;
  std::string subtitle;
  std::vector<std::string> column_heads;  ///< empty: none
  std::vector<std::vector<Label>> row_heads;
  std::vector<std::vector<Cell>> rows;  ///< a cell without pixels stays empty
};
[[nodiscard]] Canvas draw_grid(const Grid& grid);

}  // namespace gibbon::reports
