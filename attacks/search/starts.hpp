// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "attacks/attack.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks::search {

/// The stream of one sample in one run of an attack: keyed by (seed, sample id, purpose, run), so
/// that further runs add to the first and change nothing in it.
[[nodiscard]] Rng run_rng(const Problem& problem, std::size_t sample, std::string_view purpose,
                          int run);

/// row += a vector drawn evenly from the ball of radius epsilon (not projected), as
/// NormInfo has it. Not for l0.
void add_ball_noise(Norm norm, double epsilon, Rng& rng, MutableRow row);

/// row += a Gaussian vector scaled to length ε in the norm (not projected). Not for l0.
void add_gaussian_noise(Norm norm, double epsilon, Rng& rng, MutableRow row);

/// row += a vector of full size, as APGD starts (Croce & Hein 2020; not projected). linf: uniform,
/// scaled until its largest entry is ε; l2: Gaussian, scaled to length ε; l1: standard normal in
/// every feature, whatever ε is. For these three alone.
void add_full_noise(Norm norm, double epsilon, Rng& rng, MutableRow row);

}  // namespace gibbon::attacks::search
