// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gibbon {

/// "; did you mean 'x'?" for the known names nearest to `name` by edit distance (with swaps of
/// neighbours counted as one edit), at most `most` of them, or "" when none is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> known,
                                       std::size_t most = 1);

/// "unknown <what> 'name'; did you mean 'x'? known are a, b, c": the one text for every such error.
[[nodiscard]] std::string unknown_name(std::string_view what, std::string_view name,
                                       std::span<const std::string> known);

/// The entry of a catalogue (any range of structs with `.name`) called `name`.
/// Throws a usage error with did_you_mean() when there is none.
template <class Catalogue>
[[nodiscard]] const auto& find_entry(std::string_view what, const Catalogue& catalogue,
                                     std::string_view name) {
  std::vector<std::string> known;
  for (const auto& entry : catalogue) {
    if (entry.name == name) return entry;
    known.emplace_back(entry.name);
  }
  throw Error(ErrorKind::kUsage, unknown_name(what, name, known));
}

}  // namespace gibbon
