#include <cmath>
#include <fmt/format.h>

#include "reports/certified.hpp"
#include "reports/html_parts.hpp"
#include "reports/html_tables.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

std::string cell(std::uint64_t k, std::uint64_t n) {
  const Interval interval = wilson95(k, n);
  return fmt::format("<td>{}<small>{}</small><small>{}–{} %</small></td>",
                     escape_html(percent(static_cast<double>(k) / static_cast<double>(n))),
                     count_of(k, n), low_end(interval.low), high_end(interval.high));
}

std::string counts_table(const Certificates& certificates) {
  std::string head = head_cell("ε");
  for (const char* verdict : kVerdicts) head += head_cell(verdict);
  std::string body;
  for (const CertifiedPoint& point : certificates.curve) {
    body += "<tr>" + row_head(epsilon_text(point.epsilon)) + cell(point.certified, point.n) +
            cell(point.attacked, point.n);
    body += point.exact() ? "<td>0<small>exact</small></td>" : cell(point.undecided(), point.n);
    body += "</tr>\n";
  }
  return table(
      "Certified, attacked and undecided by perturbation size, " + norm_symbol(certificates.norm),
      "band", head, body);
}

std::string radius_table(const Certificates& certificates) {
  std::string rows;
  for (const RadiusSummary& summary : radius_summaries(certificates)) {
    rows += "<tr>" + row_head(summary.end) +
            fmt::format("<td>{}</td>", count_of(summary.known, summary.n));
    for (const double quartile : summary.quartiles)
      rows += fmt::format("<td>{}</td>", std::isinf(quartile) ? "not found" : compact(quartile));
    rows += "</tr>\n";
  }
  if (rows.empty()) return {};
  return paragraph("facts",
                   "Between these ends lies the smallest distance that breaks an image, over all "
                   "images; wrong without attack counts as 0.") +
         table("Both ends of the smallest distance, " + norm_symbol(certificates.norm), "numbers",
               head_cell("smallest distance") + head_cell("known") + head_cell("lower quartile") +
                   head_cell("median") + head_cell("upper quartile"),
               rows);
}

}  // namespace

std::string band_section(std::span<const Panel> panels, const Subject& subject) {
  std::string html;
  for (const Panel& panel : panels) {
    if (panel.band == nullptr) continue;
    html += fmt::format("<h3>{}, ε in {}</h3>\n", escape_html(norm_symbol(panel.norm)),
                        escape_html(subject.units)) +
            counts_table(*panel.band) + radius_table(*panel.band) +
            paragraph("facts", "Soundness " + panel.band->level + ".");
  }
  if (html.empty()) return html;
  return "<h2>Certified, attacked, undecided</h2>\n" +
         paragraph(
             "facts",
             "Each cell: share, count of n, 95 % Wilson interval. Certified: it is proved that "
             "no image within ε changes the answer, a lower limit of robustness. Attacked: one "
             "is known that does, or the answer is wrong without attack.") +
         html;
}

}  // namespace gibbon::reports
