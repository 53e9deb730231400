// SPDX-License-Identifier: MIT
#include "base/norm.hpp"

#include "base/suggest.hpp"

// CMake writes entries.inc: GIBBON_ENTRY(stem) for every base/norms/<stem>.cpp.
namespace gibbon {

#define GIBBON_ENTRY(stem) extern const NormInfo& stem##_info();
#include "base/norms/entries.inc"
#undef GIBBON_ENTRY

std::span<const NormInfo> norms() {
  static const auto entries = [] {
    std::array all{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "base/norms/entries.inc"
#undef GIBBON_ENTRY
    };
    static_assert(all.size() == kNorms.size());
    std::ranges::sort(all, {}, &NormInfo::norm);
    return all;
  }();
  return entries;
}

const NormInfo& info_of(Norm norm) { return norms()[static_cast<std::size_t>(norm)]; }

std::string_view to_string(Norm norm) { return info_of(norm).name; }

Norm find_norm(std::string_view name) { return find_entry("norm", norms(), name).norm; }

const NormInfo* known_norm(std::string_view name) {
  const auto entry = std::ranges::find(norms(), name, &NormInfo::name);
  return entry == norms().end() ? nullptr : &*entry;
}

}  // namespace gibbon
