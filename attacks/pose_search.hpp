// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "attacks/oracle.hpp"
#include "attacks/pose.hpp"

namespace gibbon::attacks {

/// A picture whose pose an attack chooses.
struct Posed {
  datasets::Shape shape;
  Box range;
  Row x;
  int label = -1;
};

/// Whether a point breaks the model: the judge's word, not the attack's.
using Breaks = std::function<bool(Row point)>;

/// The rotation-translation attacks.
//
// Problem   untargeted; poses in a box
// Access    scores; a forward pass per pose
// Method    every pose of a list (the grid; k random ones: "worst of k"), until the judge confirms
//           one that the float32 model misclassifies or nearly does. refine() then goes from the
//           three poses of the least margin to the best of the six neighbours half a step away, and
//           halves the step where there is no better one
// Property  breaks what an exhaustive loop over the same list in double breaks; refined, never less
// Source    Engstrom et al. 2019, arXiv:1712.02779, sections 3 and 4: 775 poses, worst of 10
// Differs   stops at the first success; refine() is ours
class PoseSearch {
 public:
  /// The oracle has Access::kScores; it and `posed` outlive the search. Starts a problem of it.
  PoseSearch(Oracle& oracle, const Posed& posed, const Breaks& breaks);

  /// The first pose of the list that breaks the model.
  [[nodiscard]] std::optional<Pose> among(std::span<const Pose> poses);

  /// The same near the best of what among() has tried, within the box.
  [[nodiscard]] std::optional<Pose> refine(const PoseBox& box);

  /// Forward passes so far.
  [[nodiscard]] std::size_t passes() const {
    return static_cast<std::size_t>(oracle_.forwards()[0]);
  }

 private:
  struct Tried {
    Pose pose;
    float margin;
  };
  /// Tries all; appends to `tried` unless one breaks the model.
  std::optional<Pose> attempt(std::span<const Pose> poses, std::vector<Tried>& tried);

  Oracle& oracle_;
  const Posed& posed_;
  const Breaks& breaks_;
  Tensor points_;
  std::vector<Tried> tried_;
};

}  // namespace gibbon::attacks
