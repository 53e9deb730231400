// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <span>

#include "base/norm.hpp"
#include "base/tensor.hpp"

namespace gibbon::models::bounds {

/// The norms whose balls are bounded. That of l0 is not convex; of others the dual norm would be
/// needed wherever a line is minimised over a ball.
inline constexpr std::array kBoundedNorms{Norm::kLinf, Norm::kL2, Norm::kL1};

/// Where inputs are bounded: { x' : ||(x' - x) / share|| <= radius, x' in clip }, in input units,
/// before the model's normalisation. One sample per row of x.
struct Regions {
  Rows x;
  std::span<const double> radii;  ///< N, each >= 0
  Norm ball = Norm::kLinf;
  std::optional<Box> clip;       ///< the valid range; left out: x' may be anything
  std::span<const float> share;  ///< D, each >= 0; at 0 a feature stays. Empty: 1 for all
};

/// One region given by its box, in input units: { x' : lower <= x' <= upper }, and within the ball
/// { ||(x' - centre) / share|| <= radius } unless the centre is empty. The box must contain what of
/// the ball counts.
struct BoxRegion {
  std::span<const double> lower;  ///< D
  std::span<const double> upper;  ///< D
  Norm ball = Norm::kLinf;
  std::span<const double> centre;  ///< D, or empty: the box alone
  double radius = 0.0;
  std::span<const float> share;  ///< as in Regions
};

}  // namespace gibbon::models::bounds
