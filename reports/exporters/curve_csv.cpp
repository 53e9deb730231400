// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/table/run_csv.hpp"

namespace gibbon::reports {

const ExporterInfo& curve_csv_info() {
  static const ExporterInfo info{.file = "curve.csv",
                                 .summary = "The curve: accuracy per attack, norm and ε",
                                 .stage = ExportStage::kData,
                                 .needs = Needs::kCurve,
                                 .version = "columns below",
                                 .render = table::to_curve_csv};
  return info;
}

}  // namespace gibbon::reports
