// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/table/run_csv.hpp"

namespace gibbon::reports {

const ExporterInfo& distances_csv_info() {
  static const ExporterInfo info{.file = "distances.csv",
                                 .summary =
                                     "Quartiles of the smallest distance that breaks a sample, per "
                                     "attack and for the worst case",
                                 .stage = ExportStage::kData,
                                 .needs = Needs::kCurve,
                                 .version = "columns below",
                                 .render = table::to_distances_csv};
  return info;
}

}  // namespace gibbon::reports
