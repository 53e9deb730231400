// SPDX-License-Identifier: MIT
#pragma once

#include "base/tensor.hpp"

// What backward passes add up. Everything is added, nothing overwritten.
namespace gibbon::models::train::robust {

/// to[k] += from[k]
template <class Float>
void add_to(std::span<const Float> from, std::span<Float> to) {
  for (std::size_t k = 0; k < to.size(); ++k) to[k] += from[k];
}

/// to[k] += from[k] · sign(of[k]); sign(0) = 0, the middle of the slopes of |w| there.
template <class Float>
void add_signed(std::span<const Float> from, std::span<const Float> of, std::span<Float> to) {
  for (std::size_t k = 0; k < to.size(); ++k) {
    to[k] += of[k] > Float{0} ? from[k] : (of[k] < Float{0} ? -from[k] : Float{0});
  }
}

/// to[o] += Σ_n from[n][o]
template <class Float>
void add_columns(RowsOf<const Float> from, std::span<Float> to) {
  for (std::size_t n = 0; n < from.rows; ++n) add_to(from.row(n), to);
}

}  // namespace gibbon::models::train::robust
