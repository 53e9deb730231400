// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace gibbon::models {

/// What a model was trained to have done to its inputs: of x, data in [0, 1], it sees
/// ((low + x · (high - low)) - mean) / deviation, per channel. Part of the model, so that ε stays
/// in input units.
struct InputScaling {
  std::vector<double> mean;       ///< one for every channel, or one for all; empty: 0
  std::vector<double> deviation;  ///< the same; empty: 1
  double low = 0.0;
  double high = 1.0;

  /// It changes nothing that anybody asked for.
  [[nodiscard]] bool empty() const {
    return mean.empty() && deviation.empty() && low == 0.0 && high == 1.0;
  }
  /// Tells any two apart: "mean 0.1307, std 0.3081, input range 0,1".
  [[nodiscard]] std::string text() const;
};

}  // namespace gibbon::models
