// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "eval/cli/command_line.hpp"

namespace gibbon::eval::cli {

inline constexpr std::size_t kHelpWidth = 100;  ///< columns, also on wider terminals

/// What --help prints of the program or one of its commands, in lines of at most `width` columns:
/// usage, what it does, its words, and its options (or commands) under the headings of their
/// groups, in the order in which the groups first appear.
[[nodiscard]] std::string help_text(const Command& command, std::size_t width);

/// The same for the screen there is.
[[nodiscard]] std::string help_on_screen(const Command& command);

}  // namespace gibbon::eval::cli
