// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/table/run_csv.hpp"

namespace gibbon::reports {

const ExporterInfo& certified_csv_info() {
  static const ExporterInfo info{.file = "certified.csv",
                                 .summary = "Certified band: counts per ε with intervals",
                                 .stage = ExportStage::kData,
                                 .needs = Needs::kCertificates,
                                 .version = "columns below",
                                 .render = table::to_certified_csv};
  return info;
}

}  // namespace gibbon::reports
