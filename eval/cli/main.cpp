// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "base/phase.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/help.hpp"
#include "eval/cli/parser.hpp"
#include "eval/cli/signals.hpp"
#include "generated/revision.hpp"
#include "reports/record/error.hpp"

namespace {

using gibbon::ErrorKind;

constexpr int kInternal = 70;  // EX_SOFTWARE of sysexits.h

// Runs before the initialisers of all libraries: OpenBLAS starts its threads in one.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const block_early)() = &gibbon::eval::cli::block_stop_signals;

/// Parses the command line and runs the command.
int run(int argc, char** argv) {
  namespace cli = gibbon::eval::cli;
  cli::Program program("gibbon",
                       "gibbon: adversarial robustness testbench for neural networks.\n"
                       "x is a panda; x + ε·sign(∇ₓJ(θ,x,y)) is a gibbon. How large an ε does your "
                       "network withstand?",
                       fmt::format("gibbon {} ({})", gibbon::kVersion, gibbon::kRevision));
  cli::Parser root = program.root();
  root.needs_command();
  root.footer(
      "Exit codes: 0 done, 1 a requested check failed, 2 invalid usage or configuration, 3 "
      "input/output error, 70 internal error, 128 + signal if stopped (130 Ctrl-C, 143 SIGTERM, "
      "129 SIGHUP).\n"
      "File limits: --file-limit (2 GB) for the decoded content of one file;\n"
      "ONNX: 1,000 layers, 10,000 nodes; JSON, TOML, VNN-LIB: 64 levels of nesting.");
  struct Group {
    const char* heading;
    std::vector<void (*)(cli::Parser)> commands;
  };
  for (const auto& [heading, commands] :
       {Group{"Train and attack",
              {cli::add_train, cli::add_sweep, cli::add_run, cli::add_transfer, cli::add_corrupt,
               cli::add_report}},
        Group{"Prove", {cli::add_certify, cli::add_verify, cli::add_smooth}},
        Group{"See and understand", {cli::add_gallery, cli::add_explain, cli::add_crosscheck}},
        Group{"Guard in CI",
              {cli::add_baseline, cli::add_check, cli::add_compare, cli::add_trend,
               cli::add_simulate_gate}},
        Group{"Data, models and this machine",
              {cli::add_data, cli::add_models, cli::add_list, cli::add_doctor, cli::add_completion,
               cli::add_manual, cli::add_help}}}) {
    for (const auto add : commands) add(root);
    root.name_group(heading);
  }
  root.flag_everywhere("-v,--verbose", "print on stderr how long each part of the command takes",
                       [] { gibbon::verbose = true; });
  root.size_everywhere("--file-limit", "2GB",
                       "memory limit for the decoded content of one file, with unit: 512MB, 8GB",
                       [](std::uint64_t bytes) { gibbon::file_limit = bytes; });
  const bool bare = argc < 2;
  if (bare) fmt::print("{}", cli::help_on_screen(root.describe()));
  const int status = bare ? static_cast<int>(ErrorKind::kUsage) : program.run(argc, argv);
  if (std::fflush(stdout) != 0) {
    throw std::system_error(errno, std::generic_category(), "standard output");
  }
  return status;
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
  gibbon::eval::cli::write_ascii_where_asked();
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
    return complain(fmt::format("standard output: cannot be written: {}", error.code().message()),
                    static_cast<int>(ErrorKind::kInput));
  } catch (const gibbon::Interrupted&) {
    return complain("interrupted: nothing was written", gibbon::eval::cli::interrupted_exit());
  } catch (const std::exception& error) {
    return complain(std::string("internal error: ") + error.what() + "; this is a bug of gibbon",
                    kInternal);
  }
}
