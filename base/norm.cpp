// SPDX-License-Identifier: MIT
#include "base/norm.hpp"

#include "base/catalogue.hpp"
#include "base/suggest.hpp"

namespace gibbon {

#define GIBBON_ENTRY(stem) extern const NormInfo& stem##_info();
#include "base/norms/entries.inc"
#undef GIBBON_ENTRY

std::span<const NormInfo> norms() {
  static const auto entries = sorted_by(&NormInfo::norm, std::array{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "base/norms/entries.inc"
#undef GIBBON_ENTRY
                                                         });
  static_assert(entries.size() == kNorms.size());
  return entries;
}

const NormInfo& info_of(Norm norm) { return norms()[static_cast<std::size_t>(norm)]; }

std::string_view to_string(Norm norm) { return info_of(norm).name; }

std::string listed(std::span<const Norm> norms, std::string_view last) {
  std::string text;
  for (std::size_t k = 0; k < norms.size(); ++k) {
    if (k > 0) text += k + 1 < norms.size() ? ", " : fmt::format(" {} ", last);
    text += to_string(norms[k]);
  }
  return text;
}

Norm find_norm(std::string_view name) { return find_entry("norm", norms(), name).norm; }

const NormInfo* known_norm(std::string_view name) {
  const auto entry = std::ranges::find(norms(), name, &NormInfo::name);
  return entry == norms().end() ? nullptr : &*entry;
}

}  // namespace gibbon
