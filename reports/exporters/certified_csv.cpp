#include "reports/formats/certified_csv.hpp"

#include "reports/exporter.hpp"

namespace gibbon::reports {

const ExporterInfo& certified_csv_info() {
  static const ExporterInfo info{.file = "certified.csv",
                                 .summary = "Certified band: counts per ε with intervals",
                                 .stage = ExportStage::kData,
                                 .needs = Needs::kCertificates,
                                 .version = "columns below",
                                 .render = formats::to_certified_csv};
  return info;
}

}  // namespace gibbon::reports
