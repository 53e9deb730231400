// SPDX-License-Identifier: MIT
#include "eval/cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include "eval/cli/choices.hpp"

namespace gibbon::eval::cli {
namespace {

Argument describe(const CLI::Option& option, const std::string& command) {
  Argument out{.help = option.get_description(),
               .standard = option.get_default_str(),
               .required = option.get_required(),
               .repeatable = option.get_expected_max() > 1};
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  if (out.names.empty()) out.names.push_back(option.get_name(true));
  if (option.get_expected_max() == 0) return out;
  if (out.standard.starts_with('[')) out.standard = out.standard.substr(1, out.standard.size() - 2);
  out.type = option.get_type_name();
  out.type = out.type.substr(0, out.type.find(':'));  // of "UINT:SIZE [b, kb, …]"
  out.choices = choices(command, out.names.back());
  out.value = !out.choices.empty() ? Value::kChoice
              : out.type == "TEXT" ? Value::kText
                                   : Value::kNumber;
  return out;
}

Command describe(const CLI::App& app, const std::string& name) {
  Command out{.name = name, .help = app.get_description(), .footer = app.get_footer()};
  for (const CLI::Option* option : app.get_options()) {
    (option->nonpositional() ? out.options : out.words).push_back(describe(*option, name));
  }
  for (const CLI::App* below : app.get_subcommands({})) {
    out.commands.push_back(
        describe(*below, name.empty() ? below->get_name() : name + " " + below->get_name()));
  }
  return out;
}

}  // namespace

Command describe(const CLI::App& program) { return describe(program, ""); }

std::vector<const Command*> all_commands(const Command& command) {
  std::vector<const Command*> out{&command};
  for (const Command& below : command.commands) {
    for (const Command* one : all_commands(below)) out.push_back(one);
  }
  return out;
}

}  // namespace gibbon::eval::cli
