// SPDX-License-Identifier: MIT
#include "attacks/attack.hpp"
#include "base/catalogue.hpp"
#include "base/suggest.hpp"

namespace gibbon::attacks {

#define GIBBON_ENTRY(stem) extern const AttackInfo& stem##_info();
#include "attacks/methods/entries.inc"
#undef GIBBON_ENTRY

std::span<const AttackInfo> catalog() {
  static const auto entries = sorted_by(&AttackInfo::name, std::array{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "attacks/methods/entries.inc"
#undef GIBBON_ENTRY
                                                           });
  return entries;
}

const AttackInfo& find(std::string_view name) { return find_entry("attack", catalog(), name); }

}  // namespace gibbon::attacks
