// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "base/rng.hpp"
#include "base/tensor.hpp"
#include "datasets/dataset.hpp"

// Rotations and translations of a picture.
namespace gibbon::attacks {

/// Where a picture is put: turned about its centre, counter-clockwise, then moved.
struct Pose {
  double degrees = 0.0;
  double down = 0.0;   ///< pixels
  double right = 0.0;  ///< pixels
  bool operator==(const Pose&) const = default;
};

/// out (D, overwritten) = the picture x (D = shape.size()) in another pose, bilinear between
/// pixels; what comes in from outside is range.lower. The centre is ((H - 1) / 2, (W - 1) / 2).
/// Exact, bit for bit, where pixels come to lie on pixels: no motion, whole pixels, right angles.
void put(const datasets::Shape& shape, Box range, Row x, const Pose& pose, MutableRow out);

/// The poses |degrees|, |down| and |right| up to those of `most`, and how many values of each a
/// grid has, evenly spaced from end to end; one value is 0.
struct PoseBox {
  Pose most;
  std::size_t degrees = 31;
  std::size_t down = 5;
  std::size_t right = 5;

  [[nodiscard]] std::size_t size() const { return degrees * down * right; }
  [[nodiscard]] Pose clamped(const Pose& pose) const;
};

/// All poses of the grid, those farthest from the origin first: they break most models soonest.
[[nodiscard]] std::vector<Pose> grid_of(const PoseBox& box);

/// Distances of neighbours on the grid; the whole range of what has one value.
[[nodiscard]] Pose spacing_of(const PoseBox& box);

/// Uniform in the box.
[[nodiscard]] Pose random_pose(const PoseBox& box, Rng& rng);

}  // namespace gibbon::attacks
