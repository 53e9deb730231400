// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "reports/record/record.hpp"
#include "reports/record/text.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {
namespace {

std::string share_text(const Share& share) {
  if (share.exact) return "0, exact";
  const record::Interval interval = record::wilson95(share.k, share.n);
  return fmt::format("**{}** {}/{} [{}, {}]", record::percent(share.value()), share.k, share.n,
                     record::low_end(interval.low), record::high_end(interval.high));
}

std::string shown(const Cell& cell) {
  const auto* share = std::get_if<Share>(&cell);
  return share == nullptr ? record::escape_markdown(cell_text(cell)) : share_text(*share);
}

}  // namespace

std::string render_markdown(const Table& table) {
  std::string text;
  std::string rule = "|";
  for (const Column& column : table.columns) {
    text += fmt::format("| {} ", record::escape_markdown(column.head));
    rule += column.align == Align::kLeft ? "---|" : "---:|";
  }
  text += "|\n" + rule + "\n";
  for (const auto& row : table.rows) {
    for (const Cell& cell : row) text += fmt::format("| {} ", shown(cell));
    text += "|\n";
  }
  return text;
}

}  // namespace gibbon::reports::table
