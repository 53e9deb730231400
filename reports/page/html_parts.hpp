// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

// What sections of report.html are put together from. Texts are escaped, `html` is not.
namespace gibbon::reports::page {

/// <p class="css">text</p>; no line ends before a "%".
[[nodiscard]] std::string paragraph(std::string_view css, std::string_view text);

/// <ul> of texts.
[[nodiscard]] std::string list(std::span<const std::string> entries);

/// Opens at a click.
[[nodiscard]] std::string folded(std::string_view title, const std::string& html);

}  // namespace gibbon::reports::page
