// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <iterator>

#include "reports/formats/csv.hpp"
#include "reports/record/record.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {
namespace {

void append(std::string& csv, const Cell& cell) {
  const auto out = std::back_inserter(csv);
  std::visit(
      Overloaded{[](const Missing&) {},
                 [&](const std::string& text) { csv += formats::csv_field(text); },
                 [&](std::uint64_t count) { fmt::format_to(out, "{}", count); },
                 [&](double value) { fmt::format_to(out, "{}", value); },
                 [&](const Name& name) { csv += formats::csv_field(name.text); },
                 [&](const Epsilon& epsilon) { fmt::format_to(out, "{}", epsilon.value); },
                 [&](const Distance& distance) { fmt::format_to(out, "{}", distance.value); },
                 [&](const Ratio& r) { fmt::format_to(out, "{}", r.value()); },
                 [&](const Share& s) { fmt::format_to(out, "{}", s.value()); }},
      cell);
}

}  // namespace

std::string render_csv(const Table& table) {
  std::string csv;
  for (const Column& column : table.columns) csv += (csv.empty() ? "" : ",") + column.head;
  csv += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) csv += ',';
      append(csv, row[c]);
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace gibbon::reports::table
