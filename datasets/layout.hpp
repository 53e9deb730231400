// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// "60 × 28 × 28".
[[nodiscard]] std::string times(std::span<const std::size_t> sizes);

/// The side of a square picture of so many pixels, at least 8; 0: that is no square, or too small
/// to be taken for a picture.
[[nodiscard]] std::size_t square_side(std::size_t pixels);

/// What the axes `sizes` of an array of N samples are: N × D, N × H × W, N × C × H × W or
/// N × H × W × C with C of 1 or 3, where the layout says so or the sizes leave no doubt; noted
/// where they are not read as they stand. N × D with a whole root of D of 8 or more is N × H × W.
/// Channels that come first are put last in `values` (N · D numbers). Throws an input Error that
/// begins with `where` for any other shape, for no samples, and where two layouts fit.
[[nodiscard]] Shape arrange(std::span<const std::size_t> sizes, Layout layout,
                            const std::string& where, std::vector<float>& values,
                            std::vector<std::string>& notes);

}  // namespace gibbon::datasets
