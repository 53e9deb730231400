// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/table/run_csv.hpp"

namespace gibbon::reports {

const ExporterInfo& radii_csv_info() {
  static const ExporterInfo info{
      .file = "radii.csv",
      .summary = "Certified radius and smallest distance of a counterexample per sample",
      .stage = ExportStage::kData,
      .needs = Needs::kCertificates,
      .version = "columns below",
      .render = table::to_radii_csv};
  return info;
}

}  // namespace gibbon::reports
