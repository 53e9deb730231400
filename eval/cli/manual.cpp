// SPDX-License-Identifier: MIT
#include "eval/cli/manual.hpp"

#include <filesystem>

#include "base/files.hpp"
#include "base/suggest.hpp"
#include "eval/cli/command.hpp"
#include "generated/revision.hpp"

namespace gibbon::eval::cli {
namespace {

/// Text as roff takes it: no line is a request, and a hyphen stays what one types.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

/// Text whose lines stay lines.
std::string lines(std::string_view text) {
  std::string out;
  for (const char c : roff(text)) out += c == '\n' ? std::string("\n.br\n") : std::string(1, c);
  return out + "\n";
}

/// The first sentence, without its full stop and the name of the program.
std::string_view summary(std::string_view help) {
  constexpr std::string_view kProgram = "gibbon: ";
  help.remove_prefix(help.starts_with(kProgram) ? kProgram.size() : 0);
  help = help.substr(0, std::min(help.find(". "), help.find('\n')));
  if (help.ends_with('.')) help.remove_suffix(1);
  return help;
}

/// ".TP" with the names in bold, the value in italics, then the help.
std::string item(const Argument& argument, std::string_view value) {
  std::string out = ".TP\n";
  for (std::size_t k = 0; k < argument.names.size(); ++k) {
    out += fmt::format("{}\\fB{}\\fR", k == 0 ? "" : ", ", roff(argument.names[k]));
  }
  if (!value.empty()) out += fmt::format(" \\fI{}\\fR", roff(value));
  out += "\n" + roff(argument.help);
  if (argument.required) out += ". Required";
  if (!argument.standard.empty() && argument.value != Value::kNone) {
    out += fmt::format(". Default: {}", roff(argument.standard));
  }
  return out + ".\n";
}

std::string synopsis(const Command& command) {
  std::string out = "\\fBgibbon";
  if (!command.name.empty()) out += " " + roff(command.name);
  out += R"(\fR [\fIoptions\fR])";
  if (!command.commands.empty()) out += " \\fIcommand\\fR";
  for (const Argument& word : command.words) {
    const std::string name =
        fmt::format("\\fI{}\\fR", roff(word.names[0])) + (word.repeatable ? " ..." : "");
    out += word.required ? " " + name : " [" + name + "]";
  }
  return out + "\n";
}

std::string arguments(const Command& command) {
  std::string out;
  for (const Argument& word : command.words) out += item(word, "");
  for (const Argument& option : command.options) out += item(option, option.type);
  return out;
}

}  // namespace

std::string page_name(const Command& command) {
  return command.name.empty() ? "gibbon" : "gibbon-" + command.name;
}

std::string manual_page(const Command& program, const Command& command) {
  std::string title = page_name(command);
  std::ranges::transform(title, title.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  // Left adjusted and not hyphenated: names of options are not to be broken.
  std::string out = fmt::format(
      ".TH {} 1 \"\" \"gibbon {}\" \"User Commands\"\n.ad l\n.nh\n.SH NAME\n{} \\- {}\n",
      roff(title), kVersion, roff(page_name(command)), roff(summary(command.help)));
  out += ".SH SYNOPSIS\n";
  for (const Command& below : command.commands) {
    if (!command.name.empty()) out += synopsis(below) + ".br\n";
  }
  if (command.name.empty() || command.commands.empty()) out += synopsis(command);
  out += ".SH DESCRIPTION\n" + lines(command.help);
  if (command.name.empty()) {
    out += ".SH COMMANDS\n";
    for (const Command& below : command.commands) {
      out += fmt::format(".TP\n\\fB{}\\fR\n{}.\n", roff(below.name), roff(below.help));
    }
  }
  out += ".SH OPTIONS\n" + arguments(command);
  for (const Command& below : command.commands) {
    if (command.name.empty()) continue;
    out +=
        fmt::format(".SS gibbon {}\n{}.\n{}", roff(below.name), roff(below.help), arguments(below));
  }
  if (!command.footer.empty()) out += ".SH NOTES\n" + lines(command.footer);
  out += ".SH SEE ALSO\n";
  std::vector<std::string> others;
  if (&command != &program) others.emplace_back("\\fBgibbon\\fR(1)");
  for (const Command& other : program.commands) {
    if (&other == &command) continue;
    others.push_back(fmt::format("\\fB{}\\fR(1)", roff(page_name(other))));
  }
  return out + fmt::format("{}\n", fmt::join(others, ",\n"));
}

void add_manual(Parser root) {
  struct State {
    std::string command;
    std::string output;
  };
  const auto state = std::make_shared<State>();
  Parser app = root.command(
      "manual",
      "Print a manual page, or write all manual pages to a folder: gibbon manual sweep | man -l -");
  app.option("COMMAND", state->command, "command; default: the program");
  app.option("-o,--output", state->output, "folder for all pages, one NAME.1 each");
  app.run([state, root] {
    const Command program = root.describe();
    if (state->output.empty()) {
      const Command& one = state->command.empty()
                               ? program
                               : find_entry("command", program.commands, state->command);
      fmt::print("{}", manual_page(program, one));
      return;
    }
    const std::filesystem::path folder = state->output;
    require_writable_folder(folder);
    write_atomically(folder / "gibbon.1", manual_page(program, program));
    for (const Command& command : program.commands) {
      write_atomically(folder / (page_name(command) + ".1"), manual_page(program, command));
    }
  });
}

}  // namespace gibbon::eval::cli
