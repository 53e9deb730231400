// SPDX-License-Identifier: MIT
#include "attacks/search/sparse_step.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/simd.hpp"

namespace gibbon::attacks::search {
namespace {

/// slope[d] = |gradient[d]| where candidate[d] can move along gradient · sign, else 0.
GIBBON_SIMD void free_slopes(Row gradient, float sign, Box box, Row candidate, MutableRow slope) {
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    const float g = sign * gradient[d];
    const bool up = g > 0.0F && candidate[d] < box.upper;
    const bool down = g < 0.0F && candidate[d] > box.lower;
    slope[d] = up || down ? std::abs(g) : 0.0F;
  }
}

GIBBON_SIMD std::size_t count_from(float least, Row slope) {
  std::uint32_t count = 0;
  for (std::size_t d = 0; d < slope.size(); ++d) count += slope[d] >= least ? 1U : 0U;
  return count;
}

/// The largest positive float32 that at least `keep` slopes reach, or the least positive one when
/// there are not so many. Bisects the bit patterns, which are in the order of the numbers: 31
/// counts take 1 µs for 784 features, where std::nth_element takes 6.
float threshold(Row slope, std::size_t keep) {
  std::uint32_t low = 1;  // the least positive float32 leaves zeros out
  std::uint32_t high = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::infinity());
  while (high - low > 1) {
    const std::uint32_t middle = low + (high - low) / 2;
    const std::size_t count = count_from(std::bit_cast<float>(middle), slope);
    if (count == keep) return std::bit_cast<float>(middle);
    (count > keep ? low : high) = middle;
  }
  return std::bit_cast<float>(low);
}

GIBBON_SIMD void add_share(Row gradient, Row slope, float least, double share, double direction,
                           MutableRow candidate) {
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    const double signed_share = direction * double{gradient[d]} > 0.0 ? share : -share;
    const double moved = slope[d] >= least ? signed_share : 0.0;
    candidate[d] = static_cast<float>(double{candidate[d]} + moved);
  }
}

}  // namespace

void sparse_step(Row gradient, double size, std::size_t keep, Box box, MutableRow candidate) {
  thread_local std::vector<float> slope;
  slope.resize(gradient.size());
  const float direction = size < 0.0 ? -1.0F : 1.0F;
  free_slopes(gradient, direction, box, candidate, slope);
  const float least = threshold(slope, std::clamp<std::size_t>(keep, 1, gradient.size()));
  const std::size_t count = count_from(least, slope);
  if (count == 0) return;
  add_share(gradient, slope, least, std::abs(size) / static_cast<double>(count), double{direction},
            candidate);
}

}  // namespace gibbon::attacks::search
