#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What sections of report.html are put together from. Texts are escaped, `html` is not.
namespace gibbon::reports::page {

/// <p class="css">text</p>; no line ends before a "%".
[[nodiscard]] std::string paragraph(std::string_view css, std::string_view text);

/// <ul> of texts.
[[nodiscard]] std::string list(std::span<const std::string> entries);

/// A table that scrolls inside its own box; `head` and `body` are rows of HTML.
[[nodiscard]] std::string table(std::string_view label, std::string_view css, std::string_view head,
                                std::string_view body);

[[nodiscard]] std::string head_cell(std::string_view text);
[[nodiscard]] std::string row_head(std::string_view text);

/// A name with its knobs, with places to break it between them.
[[nodiscard]] std::string breakable(std::string_view name);

/// "8,120 / 10,000"
[[nodiscard]] std::string count_of(std::uint64_t k, std::uint64_t n);

/// Opens at a click.
[[nodiscard]] std::string folded(std::string_view title, const std::string& html);

}  // namespace gibbon::reports::page
