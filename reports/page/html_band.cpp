#include <cmath>
#include <fmt/format.h>

#include "reports/page/html_parts.hpp"
#include "reports/page/html_tables.hpp"
#include "reports/record/certified.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::page {
namespace {

std::string cell(std::uint64_t k, std::uint64_t n) {
  const record::Interval interval = record::wilson95(k, n);
  return fmt::format(
      "<td>{}<small>{}</small><small>{}–{} %</small></td>",
      record::escape_html(record::percent(static_cast<double>(k) / static_cast<double>(n))),
      count_of(k, n), record::low_end(interval.low), record::high_end(interval.high));
}

std::string counts_table(const record::Certificates& certificates) {
  std::string head = head_cell("ε");
  for (const char* verdict : record::kVerdicts) head += head_cell(verdict);
  std::string body;
  for (const record::CertifiedPoint& point : certificates.curve) {
    body += "<tr>" + row_head(record::epsilon_text(point.epsilon)) +
            cell(point.certified, point.n) + cell(point.attacked, point.n);
    body += point.exact() ? "<td>0<small>exact</small></td>" : cell(point.undecided(), point.n);
    body += "</tr>\n";
  }
  return table("Certified, attacked and undecided by perturbation size, " +
                   record::norm_symbol(certificates.norm),
               "band", head, body);
}

std::string radius_table(const record::Certificates& certificates) {
  std::string rows;
  for (const record::RadiusSummary& summary : record::radius_summaries(certificates)) {
    rows += "<tr>" + row_head(summary.end) +
            fmt::format("<td>{}</td>", count_of(summary.known, summary.n));
    for (const double quartile : summary.quartiles)
      rows += fmt::format("<td>{}</td>",
                          std::isinf(quartile) ? "not found" : record::compact(quartile));
    rows += "</tr>\n";
  }
  if (rows.empty()) return {};
  return paragraph("facts",
                   "Between these ends lies the smallest distance that breaks an image, over all "
                   "images; wrong without attack counts as 0.") +
         table("Both ends of the smallest distance, " + record::norm_symbol(certificates.norm),
               "numbers",
               head_cell("smallest distance") + head_cell("known") + head_cell("lower quartile") +
                   head_cell("median") + head_cell("upper quartile"),
               rows);
}

}  // namespace

std::string band_section(std::span<const record::Panel> panels, const record::Subject& subject) {
  std::string html;
  for (const record::Panel& panel : panels) {
    if (panel.band == nullptr) continue;
    html +=
        fmt::format("<h3>{}, ε in {}</h3>\n", record::escape_html(record::norm_symbol(panel.norm)),
                    record::escape_html(subject.units)) +
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

}  // namespace gibbon::reports::page
