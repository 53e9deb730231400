// SPDX-License-Identifier: MIT
#include <algorithm>
#include <fmt/format.h>

#include "eval/cli/completion.hpp"

namespace gibbon::eval::cli {
namespace {

/// Text inside '…[here]…', where brackets and colons end it.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += std::string("\\") + c;
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string function_of(const Command& command) {
  std::string out = command.name.empty() ? "_gibbon" : "_gibbon_" + command.name;
  std::ranges::replace(out, ' ', '_');
  return out;
}

/// ":what:how to complete it", as _arguments reads it.
std::string value_of(const Argument& argument) {
  switch (argument.value) {
    case Value::kNone: return "";
    case Value::kNumber: return ":number: ";
    case Value::kChoice: return fmt::format(":name:({})", fmt::join(argument.choices, " "));
    case Value::kText: return ":text:_files";
  }
  return "";
}

std::string option_of(const Argument& option) {
  const std::string rest = fmt::format("[{}]{}", escaped(option.help), value_of(option));
  if (option.names.size() == 1) {
    return fmt::format(" \\\n    '{}{}{}'", option.repeatable ? "*" : "", option.names[0], rest);
  }
  const std::string first =
      option.repeatable ? "*" : fmt::format("({})", fmt::join(option.names, " "));
  return fmt::format(" \\\n    '{}'{{{}}}'{}'", first, fmt::join(option.names, ","), rest);
}

std::string function(const Command& command) {
  std::string out = fmt::format("{}() {{\n", function_of(command));
  if (!command.commands.empty())
    out += "  local curcontext=$curcontext state line\n  typeset -A opt_args\n";
  out += command.commands.empty() ? "  _arguments" : "  _arguments -C";
  for (const Argument& option : command.options) out += option_of(option);
  for (const Argument& word : command.words) {
    out += fmt::format(" \\\n    '{}{}'", word.repeatable ? "*" : "", value_of(word));
  }
  if (command.commands.empty()) return out + "\n}\n";
  out +=
      " \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n    command)\n   "
      "   local -a commands=(";
  std::string calls;
  for (const Command& below : command.commands) {
    const std::string name = below.name.substr(below.name.rfind(' ') + 1);
    out += fmt::format("\n        '{}:{}'", name, escaped(below.help));
    calls += fmt::format("        {}) {} ;;\n", name, function_of(below));
  }
  return out + ")\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n" +
         calls + "      esac ;;\n  esac\n}\n";
}

}  // namespace

std::string zsh_completion(const Command& program) {
  std::string out =
      "#compdef gibbon\n# zsh completion for gibbon, made by 'gibbon completion zsh'\n";
  for (const Command* command : all_commands(program)) out += function(*command);
  return out +
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _gibbon \"$@\"; else compdef "
         "_gibbon gibbon; fi\n";
}

}  // namespace gibbon::eval::cli
