// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/figure/badge.hpp"

namespace gibbon::reports {

const ExporterInfo& badge_svg_info() {
  static const ExporterInfo info{.file = "badge.svg",
                                 .summary = "The headline as a badge for a README",
                                 .stage = ExportStage::kData,
                                 .needs = Needs::kCurve,
                                 .version = "",
                                 .render = figure::to_badge_svg};
  return info;
}

}  // namespace gibbon::reports
