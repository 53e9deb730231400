// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/table/table.hpp"

namespace gibbon::reports {

const ExporterInfo& report_md_info() {
  static const ExporterInfo info{.file = "report.md",
                                 .summary = "Answers, tables and diagnosis as Markdown",
                                 .stage = ExportStage::kText,
                                 .render = table::to_markdown};
  return info;
}

}  // namespace gibbon::reports
