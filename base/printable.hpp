// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace gibbon {

/// One line that every terminal and format takes: invalid UTF-8 becomes U+FFFD, and a blank stands
/// for every control character (C0, DEL, C1), line and paragraph separator and sign that turns the
/// direction of writing. Names out of files pass through it before anybody sees them.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace gibbon
