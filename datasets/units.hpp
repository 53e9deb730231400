// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// Numbers as they stand in a file.
struct Numbers {
  std::string where;      ///< "x.npz: x", for messages
  char kind = 'f';        ///< 'f' float, 'i' and 'u' integer, 'b' bool
  std::size_t bytes = 4;  ///< of one
  std::size_t each = 1;   ///< of one sample, D
  bool image = false;     ///< whether they are pixels
};

/// Brings values to [0, 1] and notes what was done to them.
///
/// With `range`, its ends become 0 and 1. Without, floats in [0, 1] and bools stay; 8-bit levels
/// (uint8, and whole numbers of pictures up to 255, more than 16 of them in use) are divided by
/// 255: the same float32 as an 8-bit picture has. Whatever else it may be, somebody has to say: an
/// input Error that names --data-range. So are values outside of the range, and such that are no
/// numbers.
void to_unit(std::span<float> values, const Numbers& about, const std::optional<Interval>& range,
             std::vector<std::string>& notes);

}  // namespace gibbon::datasets
