// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/figure/figure.hpp"

namespace gibbon::reports {

const ExporterInfo& curve_png_info() {
  static const ExporterInfo info{.file = "curve.png",
                                 .summary = "The figure as pixels, twice the size",
                                 .stage = ExportStage::kPicture,
                                 .render = figure::to_curve_png};
  return info;
}

}  // namespace gibbon::reports
