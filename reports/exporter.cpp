// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"

#include <algorithm>
#include <array>

// CMake writes entries.inc: GIBBON_ENTRY(stem) for every reports/exporters/<stem>.cpp. A file that
// does not define <stem>_info() is a link error, never a silently missing exporter.
namespace gibbon::reports {

#define GIBBON_ENTRY(stem) extern const ExporterInfo& stem##_info();
#include "reports/exporters/entries.inc"
#undef GIBBON_ENTRY

std::span<const ExporterInfo> exporters() {
  static const auto entries = [] {
    std::array all{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "reports/exporters/entries.inc"
#undef GIBBON_ENTRY
    };
    std::ranges::sort(all, {}, [](const ExporterInfo& e) { return std::pair(e.stage, e.file); });
    return all;
  }();
  return entries;
}

}  // namespace gibbon::reports
