// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "datasets/dataset.hpp"

namespace gibbon::models::train {

/// How training samples are varied, anew in every epoch. What comes in from outside the image has
/// the value `fill`.
struct Augmentation {
  std::size_t shift = 0;   ///< at most so many pixels up or down, and left or right
  bool flip = false;       ///< mirrored left to right, every other time
  std::size_t cutout = 0;  ///< side of a square of `fill` around a pixel; DeVries & Taylor 2017
  float fill = 0.0F;

  [[nodiscard]] bool any() const { return shift > 0 || flip || cutout > 0; }
};

/// "shift:2,flip,cutout:8", each at most once; empty: none. Throws a usage Error.
[[nodiscard]] Augmentation parse_augmentation(std::string_view text);

/// Overwrites `out` with a variant of the image, which depends on (seed, epoch, sample) alone.
void augment(const Augmentation& how, const datasets::Shape& shape, std::uint64_t seed,
             std::uint64_t epoch, std::uint64_t sample, Row image, MutableRow out);

}  // namespace gibbon::models::train
