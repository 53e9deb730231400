// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "base/tensor.hpp"

namespace gibbon {

/// noise[k] = sigma · (standard normal number k of draw `draw` of the stream `key`); overwritten. A
/// function of its arguments and the length alone, the same on every instruction set; `key` is what
/// Rng::bits() gives first, so that streams do not overlap.
///
/// Box and Muller in float32, both branches, vectorised: within 1e-6 of the transform in double
/// (gaussian_test.cpp). Uniforms have 32 bits, so nothing lies beyond 6.8 sigma: 1e-11 of the mass.
void gaussian(std::uint64_t key, std::uint64_t draw, float sigma, MutableRow noise);

}  // namespace gibbon
