// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "reports/record/record.hpp"
#include "reports/record/text.hpp"
#include "reports/table/latex.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {
namespace {

constexpr std::size_t kHeadLetters = 18;  // a line of a head: two columns of numbers are as wide

// A name with its knobs in lines of at most kHeadLetters, broken behind "," or ":" or "(".
std::string stacked(const std::string& name) {
  std::vector<std::string> lines{""};
  std::string part;
  const auto flush = [&] {
    if (!lines.back().empty() && record::display_width(lines.back() + part) > kHeadLetters)
      lines.emplace_back();
    lines.back() += part;
    part.clear();
  };
  for (const char c : name) {
    part += c;
    if (c == ',' || c == ':' || c == '(') flush();
  }
  flush();
  for (std::string& line : lines) line = latex_escaped(line);
  return fmt::format("\\shortstack{{{}}}", fmt::join(lines, "\\\\"));
}

std::string head_latex(const Column& column) {
  return fmt::format("\\multicolumn{{2}}{{c}}{{{}}}", column.role == Role::kValue
                                                          ? latex_escaped(column.head)
                                                          : stacked(printable(column.head)));
}

std::string share_latex(const Share& share) {
  const record::Interval interval = record::wilson95(share.k, share.n);
  return fmt::format("{} & {{\\scriptsize [{}, {}]}}{}", record::percent_number(share.value()),
                     record::low_end(interval.low), record::high_end(interval.high),
                     share.exact ? " exact" : "");
}

std::string cell_latex(const Cell& cell) {
  if (std::holds_alternative<Missing>(cell)) return "-- &";
  const auto* share = std::get_if<Share>(&cell);
  return share == nullptr ? latex_escaped(cell_text(cell)) : share_latex(*share);
}

}  // namespace

std::string render_latex(const Table& table, std::string_view caption, std::string_view label) {
  std::string text = fmt::format(
      "\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  \\label{{tab:{}}}\n"
      "  \\begin{{tabular}}{{l*{{{}}}{{r@{{~}}l}}}}\n    \\toprule\n    $\\varepsilon$",
      caption, label, table.columns.size() - 1);
  for (std::size_t c = 1; c < table.columns.size(); ++c)
    text += " & " + head_latex(table.columns[c]);
  text += " \\\\\n    \\midrule\n";
  for (const auto& row : table.rows) {
    text += "    " + cell_latex(row[0]);
    for (std::size_t c = 1; c < row.size(); ++c) text += " & " + cell_latex(row[c]);
    text += " \\\\\n";
  }
  return text + "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
}

}  // namespace gibbon::reports::table
