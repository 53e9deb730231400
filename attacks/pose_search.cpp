// SPDX-License-Identifier: MIT
#include "attacks/pose_search.hpp"

#include <array>
#include <cmath>

namespace gibbon::attacks {
namespace {

constexpr std::size_t kMostRows = 64;
constexpr std::size_t kStarts = 3;
constexpr int kRounds = 8;
constexpr int kHalvings = 4;

/// A margin that float32 may have got wrong: a hundred times what rounding usually does, as asking
/// the judge once too often costs one pass.
bool is_doubtful(Row logits, int label) {
  float largest = 0.0F;
  for (const float z : logits) largest = std::max(largest, std::abs(z));
  return !(margin(logits, label) > 1e-4F * largest);  // NaN is doubtful, too
}

}  // namespace

PoseSearch::PoseSearch(Oracle& oracle, const Posed& posed, const Breaks& breaks)
    : oracle_(oracle),
      posed_(posed),
      breaks_(breaks),
      points_(std::min(kMostRows, oracle.max_rows()), posed.shape.size()) {
  oracle_.begin(1, 0);
}

std::optional<Pose> PoseSearch::attempt(std::span<const Pose> poses, std::vector<Tried>& tried) {
  const std::vector<std::uint32_t> owners(points_.rows(), 0);
  for (std::size_t first = 0; first < poses.size(); first += points_.rows()) {
    const std::size_t rows = std::min(points_.rows(), poses.size() - first);
    for (std::size_t k = 0; k < rows; ++k) {
      put(posed_.shape, posed_.range, posed_.x, poses[first + k], points_.row(k));
    }
    const Rows points = std::as_const(points_).view().slice(0, rows);
    const Rows logits = oracle_.logits(points, Owners(owners).first(rows));
    for (std::size_t k = 0; k < rows; ++k) {
      const Row z = logits.row(k);
      if (is_doubtful(z, posed_.label) && breaks_(points.row(k))) return poses[first + k];
      tried.push_back({poses[first + k], margin(z, posed_.label)});
    }
  }
  return std::nullopt;
}

std::optional<Pose> PoseSearch::among(std::span<const Pose> poses) {
  return attempt(poses, tried_);
}

std::optional<Pose> PoseSearch::refine(const PoseBox& box) {
  std::vector<Tried> starts = tried_;
  std::ranges::stable_sort(starts, {}, &Tried::margin);
  starts.resize(std::min(kStarts, starts.size()));
  for (Tried best : starts) {
    Pose step = spacing_of(box);
    int halvings = 0;
    const auto halve = [&] {
      step = {step.degrees / 2.0, step.down / 2.0, step.right / 2.0};
      return ++halvings <= kHalvings;
    };
    halve();
    for (int round = 0; round < kRounds; ++round) {
      std::array<Pose, 6> around;
      around.fill(best.pose);
      around[0].degrees += step.degrees;
      around[1].degrees -= step.degrees;
      around[2].down += step.down;
      around[3].down -= step.down;
      around[4].right += step.right;
      around[5].right -= step.right;
      for (Pose& pose : around) pose = box.clamped(pose);
      std::vector<Tried> tried;
      if (const auto found = attempt(around, tried)) return found;
      const Tried& nearest = *std::ranges::min_element(tried, {}, &Tried::margin);
      if (nearest.margin < best.margin) {
        best = nearest;
      } else if (!halve()) {
        break;
      }
    }
  }
  return std::nullopt;
}

}  // namespace gibbon::attacks
