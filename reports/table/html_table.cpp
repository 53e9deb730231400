// SPDX-License-Identifier: MIT
#include "reports/table/html_table.hpp"

#include <fmt/format.h>

#include "reports/record/text.hpp"

namespace gibbon::reports::table {

std::string html_table(std::string_view label, std::string_view css, std::string_view head,
                       std::string_view body) {
  return fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\"><table "
      "class=\"{}\">\n"
      "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div>\n",
      record::escape_html(label), css, head, body);
}

std::string head_cell(std::string_view text) {
  return fmt::format("<th scope=\"col\">{}</th>", record::escape_html(text));
}

std::string row_head(std::string_view text) {
  return fmt::format("<th scope=\"row\">{}</th>", record::escape_html(text));
}

// No entity holds "," or ":".
std::string breakable(std::string_view name) {
  std::string html;
  for (const char c : record::escape_html(name)) {
    html += c;
    if (c == ',' || c == ':') html += "<wbr/>";
  }
  return html;
}

std::string count_of(std::uint64_t k, std::uint64_t n) {
  return fmt::format("{} / {}", record::grouped(k), record::grouped(n));
}

std::string_view css_of(Role role) {
  switch (role) {
    case Role::kAttack: return "attack";
    case Role::kControl: return "control";
    case Role::kWorstCase: return "worst";
    case Role::kValue: break;
  }
  return "";
}

}  // namespace gibbon::reports::table
