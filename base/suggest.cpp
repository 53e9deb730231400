// SPDX-License-Identifier: MIT
#include "base/suggest.hpp"

#include <algorithm>
#include <numeric>

namespace gibbon {
namespace {

/// Optimal string alignment distance: insert, delete, replace, swap neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    before = previous;
    previous = current;
  }
  return previous[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  const std::string* best = nullptr;
  std::size_t nearest = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    std::size_t edits = distance(name, candidate);
    // What was typed may also be the beginning or a part of the name: "uniform", "noise-uniform".
    if (name.size() >= 3 && candidate.find(name) != std::string::npos) edits = 1;
    if (edits < nearest) {
      nearest = edits;
      best = &candidate;
    }
  }
  return best == nullptr ? "" : fmt::format("; did you mean '{}'?", *best);
}

std::string unknown_name(std::string_view what, std::string_view name,
                         std::span<const std::string> known) {
  return fmt::format(
      "unknown {} '{}'{} known are {}", what, name,
      [&] {
        const std::string hint = did_you_mean(name, known);
        return hint.empty() ? std::string(";") : hint;
      }(),
      fmt::join(known, ", "));
}

}  // namespace gibbon
