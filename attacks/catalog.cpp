// SPDX-License-Identifier: MIT
#include "attacks/attack.hpp"
#include "base/suggest.hpp"

// CMake writes entries.inc: GIBBON_ENTRY(stem) for every attacks/methods/<stem>.cpp. A file that
// does not define <stem>_info() is a link error, never a silently missing attack.
namespace gibbon::attacks {

#define GIBBON_ENTRY(stem) extern const AttackInfo& stem##_info();
#include "attacks/methods/entries.inc"
#undef GIBBON_ENTRY

std::span<const AttackInfo> catalog() {
  static const auto entries = [] {
    std::array all{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "attacks/methods/entries.inc"
#undef GIBBON_ENTRY
    };
    std::ranges::sort(all, {}, &AttackInfo::name);
    return all;
  }();
  return entries;
}

const AttackInfo& find(std::string_view name) { return find_entry("attack", catalog(), name); }

}  // namespace gibbon::attacks
