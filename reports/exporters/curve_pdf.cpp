// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/figure/figure.hpp"

namespace gibbon::reports {

const ExporterInfo& curve_pdf_info() {
  static const ExporterInfo info{
      .file = "curve.pdf",
      .summary = "The figure for papers: 88 mm wide, 8-point type, legend inside",
      .stage = ExportStage::kPicture,
      .render = figure::to_curve_pdf};
  return info;
}

}  // namespace gibbon::reports
