// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

// The command line as data, read off the parser: manual pages and completions are made from it, so
// that an option is described once.
namespace gibbon::eval::cli {

/// What an option or an argument takes after it.
enum class Value {
  kNone,  ///< a flag
  kNumber,
  kChoice,  ///< one of Argument::choices
  kText,    ///< a file or any text
};

/// An option, or a word without one.
struct Argument {
  std::vector<std::string> names;  ///< "-o" and "--output"; of a word its one name, "FILE"
  std::string help;
  Value value = Value::kNone;
  std::string type;      ///< "TEXT", "UINT", …; empty for flags
  std::string standard;  ///< its default as text; empty where there is none
  std::vector<std::string> choices;
  std::string group;  ///< the heading it stands under
  bool required = false;
  bool repeatable = false;
};

/// The program, or one of its commands.
struct Command {
  std::string name;  ///< "sweep", "data fetch"; empty for the program
  std::string help;
  std::string group;  ///< the heading it stands under
  std::string footer;
  std::vector<Argument> options;
  std::vector<Argument> words;
  std::vector<Command> commands;
};

/// `command` and all below it, each before those below it.
[[nodiscard]] std::vector<const Command*> all_commands(const Command& command);

}  // namespace gibbon::eval::cli
