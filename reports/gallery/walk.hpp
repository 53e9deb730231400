// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::gallery {

/// A finished animation.
struct Walk {
  std::string file;  ///< relative to the run folder, "gallery/walk_00042.webp"
  std::string webp;
};

/// The walk of ε from 0 to the largest budget, in 16 steps at most: image, perturbation on one
/// scale, and confidence in every class. Per attack and norm the first sample of every class, ten
/// at most.
[[nodiscard]] std::vector<Walk> draw_walks(const record::Gallery& gallery);

}  // namespace gibbon::reports::gallery
