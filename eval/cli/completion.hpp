// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "eval/cli/command_line.hpp"

namespace gibbon::eval::cli {

/// The shells that 'gibbon completion' knows.
[[nodiscard]] std::vector<std::string> shell_names();

// A script that completes commands, options and the names an option takes.
[[nodiscard]] std::string bash_completion(const Command& program);
[[nodiscard]] std::string zsh_completion(const Command& program);
[[nodiscard]] std::string fish_completion(const Command& program);

}  // namespace gibbon::eval::cli
