// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "reports/page/html_parts.hpp"
#include "reports/page/html_tables.hpp"
#include "reports/record/text.hpp"
#include "reports/table/render.hpp"
#include "reports/table/run_tables.hpp"

namespace gibbon::reports::page {
namespace {

std::string radius_section(const record::Certificates& certificates) {
  table::Table radii = table::radius_table(certificates);
  if (radii.rows.empty()) return {};
  radii.columns[1].head = "known";
  return paragraph("facts",
                   "The smallest adversarial distance lies between these bounds, over all images; "
                   "0 if misclassified without attack.") +
         render_html(radii, "numbers");
}

}  // namespace

std::string band_section(std::span<const record::Panel> panels, const record::Subject& subject) {
  std::string html;
  for (const record::Panel& panel : panels) {
    if (panel.band == nullptr) continue;
    html +=
        fmt::format("<h3>{}, ε in {}</h3>\n", record::escape_html(record::norm_symbol(panel.norm)),
                    record::escape_html(subject.units)) +
        render_html(table::band_table(*panel.band), "band") + radius_section(*panel.band) +
        paragraph("facts", "Soundness " + panel.band->level + ".");
  }
  if (html.empty()) return html;
  return "<h2>Certified band</h2>\n" +
         paragraph("facts",
                   "Each cell: share, count of n, 95 % Wilson interval. Certified: no image within "
                   "ε changes the prediction; a lower bound of robust accuracy. Falsified: a "
                   "counterexample is known, or misclassified without attack.") +
         html;
}

}  // namespace gibbon::reports::page
