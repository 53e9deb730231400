// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"

#include <array>
#include <utility>

#include "base/catalogue.hpp"

namespace gibbon::reports {

#define GIBBON_ENTRY(stem) extern const ExporterInfo& stem##_info();
#include "reports/exporters/entries.inc"
#undef GIBBON_ENTRY

std::span<const ExporterInfo> exporters() {
  const auto key = [](const ExporterInfo& e) { return std::pair(e.stage, e.file); };
  static const auto entries = sorted_by(key, std::array{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "reports/exporters/entries.inc"
#undef GIBBON_ENTRY
                                             });
  return entries;
}

}  // namespace gibbon::reports
