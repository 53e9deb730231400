// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/gallery/gallery.hpp"
#include "reports/record/record.hpp"

namespace gibbon::reports::gallery {

/// A finished animation.
struct Walk {
  std::string file;  ///< relative to the run folder, "gallery/walk_00042.webp"
  std::string webp;
};

/// The walk of ε from 0 to the largest budget, in 16 steps at most: image, difference on one scale,
/// and confidence in every class. It rests at both ends and where the answer changes, which is
/// marked. Per attack and norm the first sample of every class that changes once (else the first
/// that stands), ten at most; those that change back and forth are not shown.
[[nodiscard]] std::vector<Walk> draw_walks(const record::Gallery& gallery,
                                           Drawn drawn = Drawn::kEveryAttack);

}  // namespace gibbon::reports::gallery
