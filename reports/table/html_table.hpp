// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reports/table/value.hpp"

// What tables in HTML are put together from. Texts are escaped.
namespace gibbon::reports::table {

/// A table that scrolls inside its own box; `head` and `body` are rows of HTML.
[[nodiscard]] std::string html_table(std::string_view label, std::string_view css,
                                     std::string_view head, std::string_view body);

[[nodiscard]] std::string head_cell(std::string_view text);
[[nodiscard]] std::string row_head(std::string_view text);

/// A name with its knobs, with places to break it between them.
[[nodiscard]] std::string breakable(std::string_view name);

/// "8,120 / 10,000"
[[nodiscard]] std::string count_of(std::uint64_t k, std::uint64_t n);

/// How page.css calls a column or row about this.
[[nodiscard]] std::string_view css_of(Role role);

}  // namespace gibbon::reports::table
