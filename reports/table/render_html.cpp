// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "reports/record/record.hpp"
#include "reports/record/text.hpp"
#include "reports/table/html_table.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {
namespace {

std::string share_html(const Share& share) {
  if (share.exact) return "0<small>exact</small>";
  const record::Interval interval = record::wilson95(share.k, share.n);
  return fmt::format("{}<small>{}</small><small>{}–{} %</small>",
                     record::escape_html(record::percent(share.value())),
                     count_of(share.k, share.n), record::low_end(interval.low),
                     record::high_end(interval.high));
}

std::string cell_html(const Cell& cell) {
  if (const auto* share = std::get_if<Share>(&cell)) return share_html(*share);
  if (const auto* name = std::get_if<Name>(&cell)) return breakable(name->text);
  if (const auto* ratio = std::get_if<Ratio>(&cell)) return count_of(ratio->k, ratio->n);
  return record::escape_html(cell_text(cell));
}

std::string head_html(const Column& column) {
  if (column.role == Role::kValue) return head_cell(column.head);
  return fmt::format(R"(<th scope="col" class="{}">{}</th>)", css_of(column.role),
                     breakable(column.head));
}

}  // namespace

std::string render_html(const Table& table, std::string_view css) {
  std::string head;
  for (const Column& column : table.columns) head += head_html(column);
  std::string body;
  for (const auto& row : table.rows) {
    body += fmt::format("<tr><th scope=\"row\">{}</th>", cell_html(row[0]));
    for (std::size_t c = 1; c < row.size(); ++c) {
      const bool plain =
          table.columns[c].role == Role::kValue || std::holds_alternative<Missing>(row[c]);
      body += plain ? "<td>" : fmt::format("<td class=\"{}\">", css_of(table.columns[c].role));
      body += cell_html(row[c]) + "</td>";
    }
    body += "</tr>\n";
  }
  return html_table(table.title, css, head, body);
}

}  // namespace gibbon::reports::table
