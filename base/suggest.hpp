// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
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

/// Whether somebody who typed `typed` may mean `name`: without regard to case, with _ for -.
[[nodiscard]] bool is_called(std::string_view name, std::string_view typed);

/// Whether an entry of a catalogue is meant by its name or by one of its other names (`.aliases`,
/// separated by blanks), if it has such.
template <class Entry>
[[nodiscard]] bool is_meant(const Entry& entry, std::string_view typed) {
  if (is_called(entry.name, typed)) return true;
  if constexpr (requires { entry.aliases; }) {
    for (std::string_view rest = entry.aliases; !rest.empty();) {
      const std::string_view alias = rest.substr(0, rest.find(' '));
      if (is_called(alias, typed)) return true;
      rest.remove_prefix(std::min(alias.size() + 1, rest.size()));
    }
  }
  return false;
}

/// The entry of a catalogue (any range of structs with `.name`) that `name` means.
/// Throws a usage error with did_you_mean() when there is none.
template <class Catalogue>
[[nodiscard]] const auto& find_entry(std::string_view what, const Catalogue& catalogue,
                                     std::string_view name) {
  std::vector<std::string> known;
  for (const auto& entry : catalogue) {
    if (is_meant(entry, name)) return entry;
    known.emplace_back(entry.name);
  }
  throw Error(ErrorKind::kUsage, unknown_name(what, name, known));
}

}  // namespace gibbon
