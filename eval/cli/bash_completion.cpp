// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <map>

#include "eval/cli/completion.hpp"

namespace gibbon::eval::cli {
namespace {

std::string last_word(const std::string& name) { return name.substr(name.rfind(' ') + 1); }

std::string patterns(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, "|"));
}

/// What may follow a command: options after a dash, else the commands below it or its words.
std::string followers(const Command& command) {
  std::vector<std::string> options;
  std::vector<std::string> words;
  for (const Argument& option : command.options) {
    options.insert(options.end(), option.names.begin(), option.names.end());
  }
  for (const Command& below : command.commands) words.push_back(last_word(below.name));
  for (const Argument& word : command.words) {
    words.insert(words.end(), word.choices.begin(), word.choices.end());
  }
  return fmt::format("    '{}') options='{}' words='{}' ;;\n", command.name,
                     fmt::join(options, " "), fmt::join(words, " "));
}

}  // namespace

std::string bash_completion(const Command& program) {
  std::string commands;
  std::string every;
  std::map<std::string, std::string> choices;  // by option: the same in every command
  std::vector<std::string> texts;
  std::vector<std::string> numbers;
  for (const Command* command : all_commands(program)) {
    every += followers(*command);
    if (!command->name.empty()) {
      const std::size_t space = command->name.rfind(' ');
      commands += fmt::format("      '{} {}'",
                              space == std::string::npos ? "" : command->name.substr(0, space),
                              last_word(command->name));
      commands += ") command=\"${command:+$command }${COMP_WORDS[k]}\" ;;\n";
    }
    for (const Argument& option : command->options) {
      for (const std::string& name : option.names) {
        const std::string here = fmt::format("'{} {}'", command->name, name);
        if (option.value == Value::kChoice)
          choices[name] = fmt::format("{}", fmt::join(option.choices, " "));
        if (option.value == Value::kText) texts.push_back(here);
        if (option.value == Value::kNumber) numbers.push_back(here);
      }
    }
  }
  std::string values;
  for (const auto& [name, names] : choices) {
    values += fmt::format("    *' {}') options= words='{}' ;;\n", name, names);
  }
  return fmt::format(R"(# bash completion for gibbon, made by 'gibbon completion bash'
_gibbon() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  local command= options= words= k
  # --norm=l2 comes as three words.
  if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
  for ((k = 1; k < COMP_CWORD; ++k)); do
    case "$command ${{COMP_WORDS[k]}}" in
{}    esac
  done
  case $command in
{}  esac
  case "$command $before" in
{}    {}) return ;;
    {})
      compopt +o default 2>/dev/null
      return ;;
  esac
  [[ $word == -* ]] && words=$options
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}}
complete -o default -F _gibbon gibbon
)",
                     commands, every, values, patterns(texts), patterns(numbers));
}

}  // namespace gibbon::eval::cli
