// SPDX-License-Identifier: MIT
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

std::string folded(std::string_view title, const std::string& html) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", record::escape_html(title),
                     html);
}

}  // namespace gibbon::reports::page
