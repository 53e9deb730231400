// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/printable.hpp"

// How numbers and names are written in every report, so that page, table and picture agree.
namespace gibbon::reports::record {

/// Fraction as percent with one decimal: "12.3 %"; "–" for NaN. What is not all and not nothing is
/// never rounded to it: "> 99.9 %", "< 0.1 %".
[[nodiscard]] std::string percent(double fraction);

/// Fraction in percent, one decimal, no unit: "12.3".
[[nodiscard]] std::string percent_number(double fraction);

/// The two ends of an interval in percent, one decimal, no unit. An end that is neither 0 nor 100 %
/// is not shown as 0 above or as 100 below the value: "0.1", "99.9".
[[nodiscard]] std::string low_end(double fraction);
[[nodiscard]] std::string high_end(double fraction);

/// Five significant digits: "0.031373"; "–" for NaN.
[[nodiscard]] std::string compact(double value);

/// "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t value);

/// "0.031373 = 8/255" when 0 < ε < 1 is a multiple of 1/255 within 1e-9, else "0.1".
[[nodiscard]] std::string epsilon_text(double epsilon);

/// "l∞" for "linf", "l₂" for "l2" and so on; other names as they are.
[[nodiscard]] std::string norm_symbol(std::string_view norm);

/// The unit of distances in the norm: `units`, those of the inputs, unless it has one of its own.
[[nodiscard]] std::string norm_unit(std::string_view norm, std::string_view units);

/// Name of a class, or its number where it has none.
[[nodiscard]] std::string class_name(std::span<const std::string> names, int label);

/// Code points: the columns a text takes in a terminal, for the scripts used here.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// In the characters of ASCII: "eps", "x", "<="; what has no such form is a question mark.
[[nodiscard]] std::string to_ascii(std::string_view text);

/// Words of `text`, of which as many as fit go into a line of `width` columns; lines of the text
/// stay apart.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Blanks on the left, or on the right, up to `width` columns.
[[nodiscard]] std::string pad_left(std::string_view text, std::size_t width);
[[nodiscard]] std::string pad_right(std::string_view text, std::size_t width);

/// printable() text with & < > " ' as entities: safe as HTML or SVG text and in quoted attributes.
[[nodiscard]] std::string escape_html(std::string_view text);

/// printable() text with a backslash before what Markdown, its tables or HTML in it would act on.
[[nodiscard]] std::string escape_markdown(std::string_view text);

}  // namespace gibbon::reports::record
