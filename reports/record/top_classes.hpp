// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace gibbon::reports::record {

/// How many classes are named where not all can be.
inline constexpr std::size_t kTop = 5;

/// The classes of the highest confidences, the highest first, the lower number first of equals; at
/// most `most`.
[[nodiscard]] inline std::vector<std::size_t> top_classes(std::span<const float> confidences,
                                                          std::size_t most = kTop) {
  std::vector<std::size_t> classes(confidences.size());
  std::iota(classes.begin(), classes.end(), std::size_t{0});
  const auto end = classes.begin() + static_cast<std::ptrdiff_t>(std::min(most, classes.size()));
  std::partial_sort(classes.begin(), end, classes.end(), [&](std::size_t a, std::size_t b) {
    return confidences[a] != confidences[b] ? confidences[a] > confidences[b] : a < b;
  });
  classes.erase(end, classes.end());
  return classes;
}

}  // namespace gibbon::reports::record
