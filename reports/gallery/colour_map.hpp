// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "reports/gallery/canvas.hpp"
#include "reports/record/record.hpp"

namespace gibbon::reports::gallery {

/// Blue for -1, white for 0, red for 1, linear between; values beyond are clamped, NaN is white.
[[nodiscard]] Rgb diverging(double value);

/// One channel of signed values of a picture's layout as diverging(value / largest). `largest` = 0
/// shows everything as 0.
[[nodiscard]] record::Pixels signed_pixels(std::span<const float> values,
                                           const record::Pixels& layout, std::uint32_t channel,
                                           double largest);

/// The legend of signed_pixels: one row from -largest to +largest.
[[nodiscard]] record::Pixels scale_bar();

/// Largest absolute value; 0 for none.
[[nodiscard]] double largest_magnitude(std::span<const float> values);

}  // namespace gibbon::reports::gallery
