// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "eval/cli/command_line.hpp"

namespace gibbon::eval::cli {

/// "gibbon", or "gibbon-sweep" of a command: a manual page's name.
[[nodiscard]] std::string page_name(const Command& command);

/// The manual page of the program or of one of its commands, with those below it, as man(7) has it.
[[nodiscard]] std::string manual_page(const Command& program, const Command& command);

}  // namespace gibbon::eval::cli
