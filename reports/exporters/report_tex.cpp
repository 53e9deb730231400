// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"
#include "reports/table/latex.hpp"

namespace gibbon::reports {

const ExporterInfo& report_tex_info() {
  static const ExporterInfo info{.file = "report.tex",
                                 .summary = "The tables for LaTeX (booktabs), to `\\input`",
                                 .stage = ExportStage::kText,
                                 .render = table::to_latex};
  return info;
}

}  // namespace gibbon::reports
