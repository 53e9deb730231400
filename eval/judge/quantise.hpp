// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "attacks/threat_model.hpp"

namespace gibbon::eval::judge {

/// Rounds a candidate to the 256 levels k / 255 of an 8-bit image, staying in the ball around
/// `origin`. linf: k is kept in [ceil(255 · max(lo, x - ε)), floor(255 · min(hi, x + ε))] (1e-6 of
/// slack against misrounding). l2, l1: pixels are rounded to the nearest level, and if that leaves
/// the ball, towards the origin. `levels` (D) is overwritten; only for images whose range is [0,
/// 1].
void to_8bit(const attacks::ThreatModel& threat, Row origin, Row candidate,
             std::span<std::uint8_t> levels);

/// pixels[d] = levels[d] / 255, as a reader of the saved image sees them.
void from_8bit(std::span<const std::uint8_t> levels, MutableRow pixels);

}  // namespace gibbon::eval::judge
