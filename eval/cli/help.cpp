// SPDX-License-Identifier: MIT
#include "eval/cli/help.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "base/suggest.hpp"
#include "eval/cli/command.hpp"
#include "reports/record/text.hpp"

namespace gibbon::eval::cli {
namespace {

using reports::record::display_width;
using reports::record::wrapped;

/// A name and what it means, the meaning in a column of its own.
std::string entry(const std::string& name, const std::string& meaning, std::size_t column,
                  std::size_t width) {
  std::string out = "  " + name;
  bool first = true;
  for (const std::string& line : wrapped(meaning, width - column)) {
    const std::size_t used = first ? display_width(name) + 2 : 0;
    if (first && used + 2 > column) {
      out += "\n" + std::string(column, ' ');
    } else {
      out += std::string(column - used, ' ');
    }
    out += line + "\n";
    first = false;
  }
  return out;
}

/// "-o, --output TEXT"
std::string name_of(const Argument& argument) {
  std::string name = fmt::format("{}", fmt::join(argument.names, ", "));
  if (argument.names.front().starts_with("--")) name = "    " + name;  // below those with a letter
  if (argument.value == Value::kNone) return name;
  return name + (argument.type == "TEXT" ? " ..." : argument.type == "FLOAT" ? " X" : " N");
}

std::string meaning_of(const Argument& argument) {
  std::string meaning = argument.help;
  if (argument.required) meaning += " (required)";
  if (argument.value != Value::kNone && !argument.standard.empty()) {
    meaning += fmt::format(" [{}]", argument.standard);
  }
  return meaning;
}

std::string usage_of(const Command& command) {
  std::string usage = "usage: gibbon";
  if (!command.name.empty()) usage += " " + command.name;
  if (!command.commands.empty()) return usage + " COMMAND [options]";
  usage += " [options]";
  for (const Argument& word : command.words) {
    const std::string name = word.names[0] + (word.repeatable ? " ..." : "");
    usage += word.required ? " " + name : " [" + name + "]";
  }
  return usage;
}

/// Headings in the order in which they first appear, and what is under each.
template <class Item>
std::vector<std::pair<std::string, std::vector<const Item*>>> by_group(
    const std::vector<Item>& items) {
  std::vector<std::pair<std::string, std::vector<const Item*>>> groups;
  for (const Item& item : items) {
    auto group = std::ranges::find(groups, item.group,
                                   &std::pair<std::string, std::vector<const Item*>>::first);
    if (group == groups.end()) group = groups.insert(group, {item.group, {}});
    group->second.push_back(&item);
  }
  return groups;
}

}  // namespace

std::string help_text(const Command& command, std::size_t width) {
  constexpr std::size_t kOptionColumn = 28;
  std::string out = usage_of(command) + "\n\n";
  for (const std::string& line : wrapped(command.help, width)) out += line + "\n";
  if (!command.words.empty()) out += '\n';
  for (const Argument& word : command.words) {
    out += entry(word.names[0], meaning_of(word), kOptionColumn, width);
  }
  std::size_t widest = 0;
  for (const Command& below : command.commands) widest = std::max(widest, below.name.size());
  const std::size_t prefix = command.name.empty() ? 0 : command.name.size() + 1;
  for (const auto& [heading, commands] : by_group(command.commands)) {
    out += fmt::format("\n{}:\n", heading);
    for (const Command* below : commands) {
      // Its first sentence: the whole stands in its own help.
      const std::string what = below->help.substr(0, below->help.find(". "));
      out += entry(below->name.substr(prefix), what, widest - prefix + 4, width);
    }
  }
  for (const auto& [heading, options] : by_group(command.options)) {
    out += fmt::format("\n{}:\n", heading);
    for (const Argument* option : options) {
      out += entry(name_of(*option), meaning_of(*option), kOptionColumn, width);
    }
  }
  if (command.footer.empty()) return out;
  out += '\n';
  for (const std::string& line : wrapped(command.footer, width)) out += line + "\n";
  return out;
}

std::string help_on_screen(const Command& command) {
  return help_text(command, std::min(screen().width, kHelpWidth));
}

void add_help(Parser root) {
  const auto command = std::make_shared<std::string>();
  Parser app = root.command("help", "Print the help of a command, or the commands there are");
  app.option("COMMAND", *command, "command, such as sweep");
  app.run([command, root] {
    const Command program = root.describe();
    const Command& one =
        command->empty() ? program : find_entry("command", program.commands, *command);
    fmt::print("{}", help_on_screen(one));
  });
}

}  // namespace gibbon::eval::cli
