// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "eval/cli/completion.hpp"

namespace gibbon::eval::cli {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

/// The condition under which the cursor stands behind this command, and behind none below it.
std::string seen(const Command& command) {
  std::string out;
  for (std::size_t begin = 0; begin < command.name.size();) {
    const std::size_t end = std::min(command.name.find(' ', begin), command.name.size());
    out += (out.empty() ? "" : "; and ") +
           ("__fish_seen_subcommand_from " + command.name.substr(begin, end - begin));
    begin = end + 1;
  }
  if (command.commands.empty()) return out;
  if (command.name.empty()) return "__fish_use_subcommand";
  out += "; and not __fish_seen_subcommand_from";
  for (const Command& below : command.commands) out += below.name.substr(below.name.rfind(' '));
  return out;
}

std::string value_of(const Argument& argument) {
  switch (argument.value) {
    case Value::kNone: return "";
    case Value::kNumber: return " -x";
    case Value::kChoice: return fmt::format(" -x -a '{}'", fmt::join(argument.choices, " "));
    case Value::kText: return " -r -F";
  }
  return "";
}

}  // namespace

std::string fish_completion(const Command& program) {
  std::string out = "# fish completion for gibbon, made by 'gibbon completion fish'\n";
  for (const Command* command : all_commands(program)) {
    const std::string start = "complete -c gibbon -n " + quoted(seen(*command));
    for (const Command& below : command->commands) {
      out += fmt::format("{} -f -a {} -d {}\n", start, below.name.substr(below.name.rfind(' ') + 1),
                         quoted(below.help));
    }
    for (const Argument& word : command->words) {
      if (word.value != Value::kChoice) continue;
      out += fmt::format("{} -f -a '{}'\n", start, fmt::join(word.choices, " "));
    }
    for (const Argument& option : command->options) {
      std::string names;
      for (const std::string& name : option.names) {
        names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      out += fmt::format("{}{}{} -d {}\n", start, names, value_of(option), quoted(option.help));
    }
  }
  return out;
}

}  // namespace gibbon::eval::cli
