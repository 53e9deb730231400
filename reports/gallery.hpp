#pragma once

#include <string>
#include <vector>

#include "reports/record.hpp"

namespace gibbon::reports {

/// A finished picture. Width and height are CSS pixels; the PNG has twice as many of each.
struct Figure {
  std::string file;     ///< relative to the run folder, "gallery/sample_00042.png"
  std::string caption;  ///< what is to be seen, also the alternative text
  std::string png;
  double width = 0.0;
  double height = 0.0;
};

/// The pictures of a gallery: samples by class, samples by ε, then one figure per sample with a row
/// per ε. Should there be several attacks or norms, each gets its own set, its norm and name in the
/// file names. Throws Error when an image and its perturbation do not have the same shape.
[[nodiscard]] std::vector<Figure> draw_gallery(const Gallery& gallery);

/// gallery.json: for every item what was asked, predicted and saved.
[[nodiscard]] std::string to_manifest(const Gallery& gallery);

}  // namespace gibbon::reports
