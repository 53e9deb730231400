// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "base/tensor.hpp"

/// What draws of random moves share.
namespace gibbon {

inline void add_noise(float& value, double noise) {
  value = static_cast<float>(double{value} + noise);
}

/// Draws one number per feature with draw(), adds scale(those numbers) times each to the row.
template <class Draw, class Scale>
void add_scaled_noise(MutableRow row, Draw draw, Scale scale) {
  thread_local std::vector<double> noise;
  noise.resize(row.size());
  for (double& value : noise) value = draw();
  const double factor = scale(std::span<const double>(noise));
  for (std::size_t d = 0; d < row.size(); ++d) add_noise(row[d], factor * noise[d]);
}

}  // namespace gibbon
