// SPDX-License-Identifier: MIT
#include "eval/cli/completion.hpp"

#include "base/suggest.hpp"
#include "eval/cli/command.hpp"

namespace gibbon::eval::cli {
namespace {

struct ShellInfo {
  std::string_view name;
  std::string (*script)(const Command&);
};

constexpr std::array kShells{ShellInfo{"bash", bash_completion}, ShellInfo{"zsh", zsh_completion},
                             ShellInfo{"fish", fish_completion}};

}  // namespace

std::vector<std::string> shell_names() {
  std::vector<std::string> out;
  out.reserve(kShells.size());
  for (const ShellInfo& shell : kShells) out.emplace_back(shell.name);
  return out;
}

void add_completion(Parser root) {
  const auto shell = std::make_shared<std::string>();
  Parser app = root.command(
      "completion", "Print the script that completes commands, options and names in a shell");
  app.option("SHELL", *shell, "bash, zsh or fish").required();
  app.run([shell, root] {
    fmt::print("{}", find_entry("shell", kShells, *shell).script(root.describe()));
  });
}

}  // namespace gibbon::eval::cli
