// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::gallery {

/// A finished picture. Width and height are CSS pixels; the PNG has twice as many of each.
struct Figure {
  std::string file;     ///< relative to the run folder, "gallery/sample_00042.png"
  std::string caption;  ///< what is to be seen, also the alternative text
  std::string png;
  double width = 0.0;
  double height = 0.0;
};

/// Which attacks have pictures of their own.
enum class Drawn { kEveryAttack, kFirstOfEachNorm };

/// The pictures of a gallery: per norm the attacks beside each other, where there are several; then
/// per attack and norm the samples by class, by ε, by confidence in the wrong class, the most
/// fragile first, and one figure per sample with a row per ε. Should there be several sets, each
/// has its norm and attack in the file names. Throws Error when an image and its perturbation do
/// not have the same shape.
[[nodiscard]] std::vector<Figure> draw_gallery(const record::Gallery& gallery,
                                               Drawn drawn = Drawn::kEveryAttack);

/// gallery.json: for every item what was asked, predicted, measured and saved.
[[nodiscard]] std::string to_manifest(const record::Gallery& gallery);

}  // namespace gibbon::reports::gallery
