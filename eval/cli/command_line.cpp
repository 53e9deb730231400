// SPDX-License-Identifier: MIT
#include "eval/cli/command_line.hpp"

namespace gibbon::eval::cli {
std::vector<const Command*> all_commands(const Command& command) {
  std::vector<const Command*> out{&command};
  for (const Command& below : command.commands) {
    for (const Command* one : all_commands(below)) out.push_back(one);
  }
  return out;
}

}  // namespace gibbon::eval::cli
