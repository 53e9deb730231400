// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "base/tensor.hpp"

namespace gibbon::attacks::search {

/// A box without sides: every coordinate can move.
inline constexpr Box kEverywhere{-std::numeric_limits<float>::infinity(),
                                 std::numeric_limits<float>::infinity()};

/// candidate += |size| / |S| along ±gradient (minus for negative size) in every coordinate of S:
/// the `keep` largest |gradient| among the coordinates that can still move within `box`, ties
/// included, zeros left out. A step of l1 length |size| that reaches more than one coordinate
/// (SLIDE: Tramèr & Boneh 2019, arXiv:1904.13000). Not projected.
void sparse_step(Row gradient, double size, std::size_t keep, Box box, MutableRow candidate);

}  // namespace gibbon::attacks::search
