// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

// Reductions of loops under GIBBON_SIMD: one running sum waits for each addition, sixteen do not.
namespace gibbon {

/// Sum of term(0) … term(size - 1) in sixteen interleaved lanes, then a tree: an order that vector
/// units like and that is the same on all of them (784 terms: 65 ns; as one running sum: 500 ns).
/// Inlined, so that it is compiled for the instruction set of its caller.
template <class Term>
[[gnu::always_inline]] inline double sum_in_lanes(std::size_t size, Term term) {
  std::array<double, 16> lane{};
  const std::size_t whole = size - size % lane.size();
  for (std::size_t d = 0; d < whole; d += lane.size()) {
    for (std::size_t l = 0; l < lane.size(); ++l) lane[l] += term(d + l);
  }
  for (std::size_t d = whole; d < size; ++d) lane[d - whole] += term(d);
  for (std::size_t half = lane.size() / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) lane[l] += lane[l + half];
  }
  return lane[0];
}

/// Likewise the largest of 0 and all terms: float32 or double, exact in any order.
template <class Term>
[[gnu::always_inline]] inline auto largest_in_lanes(std::size_t size, Term term) {
  using Value = decltype(term(std::size_t{0}));
  std::array<Value, 16> lane{};
  const std::size_t whole = size - size % lane.size();
  for (std::size_t d = 0; d < whole; d += lane.size()) {
    for (std::size_t l = 0; l < lane.size(); ++l) {
      const Value value = term(d + l);
      lane[l] = lane[l] < value ? value : lane[l];
    }
  }
  for (std::size_t d = whole; d < size; ++d) lane[d - whole] = std::max(lane[d - whole], term(d));
  return *std::ranges::max_element(lane);
}

}  // namespace gibbon
