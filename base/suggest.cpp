// SPDX-License-Identifier: MIT
#include "base/suggest.hpp"

#include <algorithm>
#include <numeric>

namespace gibbon {
namespace {

char folded(char c) {
  if (c == '_') return '-';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

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

/// The known names near enough to be what was meant, the nearest first.
std::vector<std::string> near(std::string_view name, std::span<const std::string> known) {
  const std::size_t most = std::max<std::size_t>(2, name.size() / 3);
  std::vector<std::pair<std::size_t, const std::string*>> found;
  for (const std::string& candidate : known) {
    std::size_t edits = distance(name, candidate);
    // What was typed may also be the beginning or a part of the name: "uniform", "noise-uniform".
    if (name.size() >= 3 && candidate.find(name) != std::string::npos) edits = 1;
    if (edits <= most) found.emplace_back(edits, &candidate);
  }
  std::ranges::stable_sort(found, {}, &std::pair<std::size_t, const std::string*>::first);
  std::vector<std::string> names;
  for (const auto& [edits, candidate] : found) names.push_back(*candidate);
  return names;
}

}  // namespace

bool is_called(std::string_view name, std::string_view typed) {
  return std::ranges::equal(name, typed, {}, folded, folded);
}

std::string did_you_mean(std::string_view name, std::span<const std::string> known,
                         std::size_t most) {
  std::vector<std::string> names = near(name, known);
  if (names.empty()) return "";
  names.resize(std::min(most, names.size()));
  return fmt::format("; did you mean '{}'?", fmt::join(names, "', '"));
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
