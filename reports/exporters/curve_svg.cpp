// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/figure/figure.hpp"

namespace gibbon::reports {

const ExporterInfo& curve_svg_info() {
  static const ExporterInfo info{.file = "curve.svg",
                                 .summary = "The figure",
                                 .stage = ExportStage::kPicture,
                                 .render = figure::to_curve_svg};
  return info;
}

}  // namespace gibbon::reports
