// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/table/run_csv.hpp"

namespace gibbon::reports {

const ExporterInfo& queries_csv_info() {
  static const ExporterInfo info{
      .file = "queries.csv",
      .summary = "Accuracy against passes spent per sample, per attack and budget",
      .stage = ExportStage::kData,
      .needs = Needs::kCurve,
      .version = "columns below",
      .render = table::to_queries_csv};
  return info;
}

}  // namespace gibbon::reports
