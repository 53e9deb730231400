// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

// A catalogue is a folder of files: CMake writes its entries.inc, GIBBON_ENTRY(stem) for every
// <stem>.cpp, which defines <stem>_info(). A file that does not is a link error, never a silently
// missing entry. find_entry() (base/suggest.hpp) looks in it.
namespace gibbon {

/// All entries, an array in any order, as the catalogue lists them.
template <class Entries, class Key>
[[nodiscard]] Entries sorted_by(Key key, Entries entries) {
  std::ranges::sort(entries, {}, key);
  return entries;
}

}  // namespace gibbon
