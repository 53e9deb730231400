// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <numbers>

namespace gibbon::attacks::search {

/// From `first` at step 0 to `last` at step `steps` along half a cosine wave.
[[nodiscard]] inline double cosine_decay(double first, double last, int step, int steps) {
  const double wave = std::cos(std::numbers::pi * double(step) / double(steps));
  return last + (first - last) * 0.5 * (1.0 + wave);
}

}  // namespace gibbon::attacks::search
