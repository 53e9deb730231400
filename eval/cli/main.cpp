// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/signals.hpp"
#include "generated/revision.hpp"
#include "reports/record/error.hpp"

namespace {

using gibbon::ErrorKind;

constexpr int kInternal = 70;  // EX_SOFTWARE of sysexits.h

// Runs before the initialisers of all libraries: OpenBLAS starts its threads in one.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const block_early)() = &gibbon::eval::cli::block_stop_signals;

/// CLI11's text, with the nearest known option or command for what it did not expect.
int usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App* app = &program;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  std::vector<std::string> known;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const CLI::App* command : app->get_subcommands({})) known.push_back(command->get_name());
  std::string what = error.what();
  std::string hint;
  for (const std::string& word : app->remaining()) {
    hint = gibbon::did_you_mean(word, known);
    if (app == &program) what = fmt::format("there is no command '{}'", word);
    if (!hint.empty()) break;
  }
  fmt::print(stderr, "gibbon: {}{}\nSee '{} --help'.\n", gibbon::printable(what), hint,
             app == &program ? "gibbon" : "gibbon " + app->get_name());
  return static_cast<int>(ErrorKind::kUsage);
}

/// --file-limit, which every command has.
void add_file_limit(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands({})) add_file_limit(*command);
  if (!app.get_subcommands({}).empty()) return;
  app.add_option_function<std::uint64_t>(
         "--file-limit", [](std::uint64_t bytes) { gibbon::file_limit = bytes; },
         "most memory that the content of one file may take, with its unit: 512MB, 8GB")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("2GB");
}

/// Parses the command line and runs the command.
int run(int argc, char** argv) {
  namespace cli = gibbon::eval::cli;
  CLI::App program(
      "gibbon: adversarial robustness testbench for multilayer perceptrons.\n"
      "x is a panda; x + ε·sign(∇ₓJ(θ,x,y)) is a gibbon. How large an ε does your network stand?");
  program.name("gibbon");
  program.set_version_flag("--version",
                           fmt::format("gibbon {} ({})", gibbon::kVersion, gibbon::kRevision));
  program.require_subcommand(1);
  program.footer(
      "Exit codes: 0 done, 1 the check asked for failed, 2 usage or configuration,\n"
      "3 input/output, 70 internal, 128 + signal stopped: 130 by Ctrl-C, 143 by SIGTERM, 129 by "
      "SIGHUP.\n"
      "Limits of files: --file-limit of every command (2 GB) for what one takes once it is "
      "decoded;\n"
      "ONNX: 1,000 layers, 10,000 nodes; JSON, TOML, VNN-LIB: 64 levels of nesting.");
  cli::add_train(program);
  cli::add_sweep(program);
  cli::add_certify(program);
  cli::add_verify(program);
  cli::add_smooth(program);
  cli::add_run(program);
  cli::add_transfer(program);
  cli::add_report(program);
  cli::add_baseline(program);
  cli::add_check(program);
  cli::add_compare(program);
  cli::add_simulate_gate(program);
  cli::add_gallery(program);
  cli::add_crosscheck(program);
  cli::add_explain(program);
  cli::add_data(program);
  cli::add_list(program);
  cli::add_doctor(program);
  cli::add_completion(program);
  cli::add_manual(program);
  add_file_limit(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return program.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return usage_error(program, error);
  }
  if (std::fflush(stdout) != 0) {
    throw std::system_error(errno, std::generic_category(), "standard output");
  }
  return cli::exit_code;
}

/// What was thrown because the work was stopped is no error of its own.
int complain(const std::string& text, int status) {
  if (gibbon::interrupted) status = gibbon::eval::cli::interrupted_exit();
  std::fputs(("gibbon: " + gibbon::printable(text) + "\n").c_str(), stderr);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  gibbon::eval::cli::watch_stop_signals();
  std::signal(SIGPIPE, SIG_IGN);  // who reads our output may stop: an error of write(), too
  std::signal(SIGXFSZ, SIG_IGN);  // a file too large is an error of write(), like a full disk
  try {
    return run(argc, argv);
  } catch (const gibbon::Error& error) {
    return complain(error.what(), static_cast<int>(error.kind()));
  } catch (const gibbon::reports::record::Refusal& error) {
    return complain(error.what(), static_cast<int>(ErrorKind::kUsage));
  } catch (const gibbon::reports::record::Error& error) {
    return complain(error.what(), static_cast<int>(ErrorKind::kInput));
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(fmt::format("{}: {}; check the path and its permissions",
                                error.path1().string(), error.code().message()),
                    static_cast<int>(ErrorKind::kInput));
  } catch (const std::system_error& error) {                  // {fmt} could not write
    if (error.code().value() == EPIPE) return 128 + SIGPIPE;  // `gibbon list | head -1`: enough
    return complain(
        fmt::format("standard output: it cannot be written to: {}", error.code().message()),
        static_cast<int>(ErrorKind::kInput));
  } catch (const gibbon::Interrupted&) {
    return complain("interrupted: nothing was written", gibbon::eval::cli::interrupted_exit());
  } catch (const std::exception& error) {
    return complain(std::string("internal error: ") + error.what() + "; this is a bug of gibbon",
                    kInternal);
  }
}
