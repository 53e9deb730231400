// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::datasets {

using Point = std::array<double, 2>;

/// A made-up set of points in the unit square: 1,000 train and 500 test samples that depend on
/// nothing but the name, the split and their number. Sample n has label n mod C and the coordinates
/// draw(label, its own random numbers), clamped to [0, 1]. sha256 is that of the float32 values and
/// the labels. Throws a usage Error for an unknown split.
[[nodiscard]] Dataset make_points(const std::string& name, const Request& request,
                                  std::vector<std::string> class_names,
                                  Point (*draw)(std::size_t label, Rng& rng));

}  // namespace gibbon::datasets
