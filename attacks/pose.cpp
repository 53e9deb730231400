// SPDX-License-Identifier: MIT
#include "attacks/pose.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gibbon::attacks {
namespace {

struct Turn {
  double cosine;
  double sine;
};

/// Exact for right angles, where std::cos of a rounded π is not.
Turn turn_of(double degrees) {
  const double quarters = degrees / 90.0;
  if (quarters == std::round(quarters)) {
    const auto quarter = static_cast<int>(std::fmod(std::fmod(quarters, 4.0) + 4.0, 4.0));
    constexpr Turn kTurns[] = {{1.0, 0.0}, {0.0, 1.0}, {-1.0, 0.0}, {0.0, -1.0}};
    return kTurns[quarter];
  }
  const double angle = degrees * std::numbers::pi / 180.0;
  return {std::cos(angle), std::sin(angle)};
}

/// -most … most in `count` steps.
double value_of(double most, std::size_t count, std::size_t k) {
  if (count == 1) return 0.0;
  return most * (2.0 * static_cast<double>(k) / static_cast<double>(count - 1) - 1.0);
}

double spacing(double most, std::size_t count) {
  return count == 1 ? most : 2.0 * most / static_cast<double>(count - 1);
}

double square_of(double value, double most) {
  return most > 0.0 ? (value / most) * (value / most) : 0.0;
}

}  // namespace

void put(const datasets::Shape& shape, Box range, Row x, const Pose& pose, MutableRow out) {
  expect_size("picture to put", x.size(), shape.size());
  expect_size("picture put", out.size(), shape.size());
  const auto height = static_cast<double>(shape.height);
  const auto width = static_cast<double>(shape.width);
  const double middle = (height - 1.0) / 2.0;
  const double centre = (width - 1.0) / 2.0;
  const Turn turn = turn_of(pose.degrees);
  const auto lower = static_cast<double>(range.lower);
  const auto value = [&](double r, double c, std::size_t k) {
    if (r < 0.0 || c < 0.0 || r >= height || c >= width) return lower;
    const std::size_t at = static_cast<std::size_t>(r) * shape.width + static_cast<std::size_t>(c);
    return static_cast<double>(x[at * shape.channels + k]);
  };
  for (std::size_t r = 0; r < shape.height; ++r) {
    for (std::size_t c = 0; c < shape.width; ++c) {
      // Back to where the pixel comes from.
      const double dr = static_cast<double>(r) - middle - pose.down;
      const double dc = static_cast<double>(c) - centre - pose.right;
      const double row = middle + (dc * turn.sine + dr * turn.cosine);
      const double column = centre + (dc * turn.cosine - dr * turn.sine);
      const double top = std::floor(row);
      const double left = std::floor(column);
      const double v = row - top;
      const double u = column - left;
      for (std::size_t k = 0; k < shape.channels; ++k) {
        const double mixed =
            (1.0 - v) * ((1.0 - u) * value(top, left, k) + u * value(top, left + 1.0, k)) +
            v * ((1.0 - u) * value(top + 1.0, left, k) + u * value(top + 1.0, left + 1.0, k));
        out[(r * shape.width + c) * shape.channels + k] =
            std::clamp(static_cast<float>(mixed), range.lower, range.upper);
      }
    }
  }
}

Pose PoseBox::clamped(const Pose& pose) const {
  return {std::clamp(pose.degrees, -most.degrees, most.degrees),
          std::clamp(pose.down, -most.down, most.down),
          std::clamp(pose.right, -most.right, most.right)};
}

std::vector<Pose> grid_of(const PoseBox& box) {
  std::vector<Pose> poses;
  for (std::size_t a = 0; a < box.degrees; ++a) {
    for (std::size_t d = 0; d < box.down; ++d) {
      for (std::size_t r = 0; r < box.right; ++r) {
        poses.push_back({value_of(box.most.degrees, box.degrees, a),
                         value_of(box.most.down, box.down, d),
                         value_of(box.most.right, box.right, r)});
      }
    }
  }
  std::ranges::stable_sort(poses, std::greater{}, [&](const Pose& pose) {
    return square_of(pose.degrees, box.most.degrees) + square_of(pose.down, box.most.down) +
           square_of(pose.right, box.most.right);
  });
  return poses;
}

Pose spacing_of(const PoseBox& box) {
  return {spacing(box.most.degrees, box.degrees), spacing(box.most.down, box.down),
          spacing(box.most.right, box.right)};
}

Pose random_pose(const PoseBox& box, Rng& rng) {
  const auto draw = [&](double most) { return most * (2.0 * rng.unit() - 1.0); };
  Pose pose;
  pose.degrees = draw(box.most.degrees);
  pose.down = draw(box.most.down);
  pose.right = draw(box.most.right);
  return pose;
}

}  // namespace gibbon::attacks
