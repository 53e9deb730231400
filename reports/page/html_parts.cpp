#include "reports/page/html_parts.hpp"

#include <fmt/format.h>

#include "reports/record/text.hpp"

namespace gibbon::reports::page {

std::string paragraph(std::string_view css, std::string_view text) {
  std::string html = record::escape_html(text);
  for (std::size_t at = 0; (at = html.find(" %", at)) != std::string::npos;)
    html.replace(at, 1, "&#160;");
  return fmt::format("<p class=\"{}\">{}</p>\n", css, html);
}

std::string list(std::span<const std::string> entries) {
  std::string html = "<ul>\n";
  for (const std::string& entry : entries)
    html += fmt::format("<li>{}</li>\n", record::escape_html(entry));
  return html + "</ul>\n";
}

std::string table(std::string_view label, std::string_view css, std::string_view head,
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

std::string folded(std::string_view title, const std::string& html) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", record::escape_html(title),
                     html);
}

}  // namespace gibbon::reports::page
