// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "eval/cli/command_line.hpp"
#include "eval/runs/options.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
class Option;
}  // namespace CLI

// The parser of the command line. CLI11 stands behind it in parser.cpp alone: its templates took 4
// s of every file that included them.
namespace gibbon::eval::cli {

/// An option, a flag or a word that a command takes.
class ParsedOption {
 public:
  explicit ParsedOption(CLI::Option* option) : option_(option) {}

  ParsedOption& required();
  ParsedOption& shows_default();  ///< the value now, in --help
  ParsedOption& one_each();       ///< of a list: one value behind each occurrence
  ParsedOption& needs(const std::string& other);
  ParsedOption& under(const std::string& heading);  ///< in --help
  ParsedOption& takes_durations();  ///< of a number of seconds: also 500ms, 90s, 5m, 1.5h
  [[nodiscard]] bool given() const;

 private:
  CLI::Option* option_;
};

/// The program, or one of its commands. Copies are of the same command. What is bound to an option
/// is overwritten when it is given.
class Parser {
 public:
  /// A command below this one.
  Parser command(const std::string& name, const std::string& help);

  /// `names`: "-o,--output", or "FILE" for a word without a name.
  ParsedOption option(const std::string& names, std::string& value, const std::string& help);
  ParsedOption option(const std::string& names, double& value, const std::string& help);
  ParsedOption option(const std::string& names, int& value, const std::string& help);
  ParsedOption option(const std::string& names, std::uint64_t& value, const std::string& help);
  ParsedOption option(const std::string& names, std::vector<std::string>& value,
                      const std::string& help);
  ParsedOption option(const std::string& names, std::optional<std::string>& value,
                      const std::string& help);
  ParsedOption option(const std::string& names, std::optional<std::uint64_t>& value,
                      const std::string& help);
  ParsedOption flag(const std::string& names, bool& value, const std::string& help);
  /// Each as --name, in --help under the heading.
  void options(const std::vector<runs::Option>& options, const std::string& heading = "");
  /// Of this command and all below it: a number of bytes with its unit, handed to `take`.
  void size_everywhere(const std::string& names, const std::string& standard,
                       const std::string& help, const std::function<void(std::uint64_t)>& take);
  /// Likewise a flag; `take` is called when it is given.
  void flag_everywhere(const std::string& names, const std::string& help,
                       const std::function<void()>& take);

  void footer(const std::string& text);
  /// Those of the commands below that have no heading yet stand under this one.
  void name_group(const std::string& heading);
  void needs_command();  ///< one of those below it has to be given

  /// What the command does; its result, 0 where there is none, is the exit code.
  template <class Work>
  void run(Work work) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      call([work] {
        work();
        return 0;
      });
    } else {
      call(work);
    }
  }

  /// Options given on the command line, by their long names without the dashes.
  [[nodiscard]] std::vector<std::string> given() const;
  [[nodiscard]] bool given(const std::string& name) const;
  [[nodiscard]] Command describe() const;  ///< this command and those below it

 private:
  friend class Program;
  Parser(CLI::App* app, int* status) : app_(app), status_(status) {}
  void call(std::function<int()> work);

  CLI::App* app_;
  int* status_;
};

/// Owns the commands.
class Program {
 public:
  Program(const std::string& name, const std::string& help, const std::string& version);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] Parser root() { return {app_.get(), &status_}; }

  /// Parses and runs; -> the exit code. What is wrong with the command line is said on stderr, with
  /// the nearest known word: 2. Whatever a command throws is thrown.
  [[nodiscard]] int run(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
  int status_ = 0;
};

}  // namespace gibbon::eval::cli
