#pragma once

#include <optional>
#include <span>

#include "datasets/tensor.hpp"

namespace gibbon::models {

enum class Ball { kLinf, kL2, kL1 };

/// Where inputs are bounded: { x' : ||x' - x|| <= radius, x' in clip }, in input units, before the
/// model's normalisation. One sample per row of x.
struct Regions {
  Rows x;
  std::span<const double> radii;  ///< N, each >= 0
  Ball ball = Ball::kLinf;
  std::optional<Box> clip;  ///< the valid range; left out: x' may be anything
};

}  // namespace gibbon::models
