// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdint>
#include <fmt/format.h>
#include <limits>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/verify/instance.hpp"
#include "eval/verify/instances.hpp"
#include "eval/verify/verifier.hpp"
#include "eval/verify/vnnlib.hpp"

namespace gibbon::eval::cli {
namespace {

/// A model file, read once for all instances in a row that name it.
struct Loaded {
  std::filesystem::path path;
  models::ModelFile file;
};

/// The time was over before the network was read and laid out.
verify::Outcome out_of_time() {
  return {.result = verify::Result::kTimeout, .reason = "timed out while reading the network"};
}

struct State {
  std::string network;
  std::string property;
  std::string instances;
  runs::InputOptions input;
  runs::VerifyOptions options;
  runs::CommonOptions common;
  std::string output;

  [[nodiscard]] verify::Soundness level() const {
    return verify::find_soundness(options.soundness);
  }

  void require_sensible() const {
    constexpr double kLongest = 1e7;
    if (!(options.timeout > 0.0 && options.timeout <= kLongest)) {
      fail_usage("--timeout {}: outside (0, {}]; give the seconds an instance may take",
                 options.timeout, kLongest);
    }
    static_cast<void>(level());
  }

  int run(bool timeout_given) const {
    const bool single = !network.empty() && !property.empty();
    if (single != instances.empty() || (!single && !network.empty())) {
      fail_usage(
          "verify: give a network and a property, gibbon verify NET.onnx PROPERTY.vnnlib, or a "
          "list, gibbon verify --instances FILE.csv");
    }
    return single ? run_single() : run_list(timeout_given);
  }

  /// One instance, from the files on; `seconds` of wall clock are left for it.
  verify::Outcome decide(const std::filesystem::path& model_path, const std::string& property_path,
                         double seconds, Loaded& loaded) const {
    const Deadline deadline = Deadline::in(seconds);
    const ReadingDeadline reading(deadline);
    if (loaded.path != model_path) {
      loaded = {};
      loaded.file = load_model(model_path.string(), input);
      static_cast<void>(models::perceptron_of(loaded.file, "verify"));
      loaded.path = model_path;
    }
    const models::ModelFile& file = loaded.file;
    const verify::Property asked = verify::read_vnnlib(property_path);
    verify::require_fit(asked, property_path, file.network.input_dim(),
                        file.one_logit ? 1 : file.network.num_classes(), model_path.string());
    for (const std::string& node : file.rounded) {
      say(common, fmt::format("warning: {}: {} was rounded to float32; the verdict is about the "
                              "rounded network",
                              model_path.string(), node));
    }
    const models::Network target = verify::network_for(file, model_path.string(), asked);
    const verify::Verifier verifier(target);
    verify::Limits limits{.nodes = std::numeric_limits<std::uint64_t>::max(),
                          .seconds = std::max(deadline.left(), 1e-9),
                          .soundness = level()};
    verify::Outcome outcome = verify::verify(
        target, asked, limits, [&](const verify::Query& query, const verify::Limits& left) {
          return verifier.decide(query, left, common.workers());
        });
    if (outcome.result == verify::Result::kSat) {
      outcome.outputs = verify::file_outputs(file, target, outcome.outputs);
    }
    return outcome;
  }

  void publish(const std::string& text) const {
    fmt::print("{}", text);
    if (!output.empty()) write_atomically(output, text);
  }

  int run_single() const {
    int status = 0;
    const auto start = std::chrono::steady_clock::now();
    verify::Outcome outcome;
    try {
      require_sensible();
      Loaded loaded;
      outcome = decide(network, property, options.timeout, loaded);
    } catch (const TimeOver&) {
      outcome = out_of_time();
    } catch (const Interrupted&) {
      outcome.reason = "interrupted";
      status = interrupted_exit();
    } catch (...) {
      publish("error\n");
      throw;
    }
    publish(verify::to_results(outcome));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    say(common, fmt::format("{}: {}; {} parts bounded, {:.2f} s", verify::to_string(outcome.result),
                            outcome.reason, outcome.nodes, seconds.count()));
    if (outcome.result == verify::Result::kUnsat) {
      say(common,
          fmt::format("level {}: holds {}", verify::name_of(level()), verify::meaning_of(level())));
    }
    return status;
  }

  [[nodiscard]] verify::InstanceResult decide(const verify::Instance& instance, Loaded& loaded,
                                              int& status) const {
    const auto start = std::chrono::steady_clock::now();
    verify::InstanceResult result{.instance = instance};
    try {
      const verify::Outcome outcome =
          decide(instance.network_path, instance.property_path.string(), instance.timeout, loaded);
      result.verdict = verify::to_string(outcome.result);
      result.reason = outcome.reason;
      result.nodes = outcome.nodes;
    } catch (const TimeOver&) {
      loaded = {};  // half of it may be there
      result.verdict = verify::to_string(verify::Result::kTimeout);
      result.reason = out_of_time().reason;
    } catch (const Error& error) {  // of this instance; the others may still be decided
      result.verdict = "error";
      result.reason = error.what();
      say(common, fmt::format("gibbon: {}", error.what()));
      status = static_cast<int>(error.kind());
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    result.seconds = seconds.count();
    return result;
  }

  /// The table is rewritten after every instance: what was decided is never lost.
  int run_list(bool timeout_given) const {
    int status = 0;
    require_sensible();
    const std::string table = output.empty() ? "verdicts.csv" : output;
    const std::vector<verify::Instance> list = verify::read_instances(
        instances, timeout_given ? std::optional<double>(options.timeout) : std::nullopt);
    std::vector<verify::InstanceResult> results;
    write_atomically(table, verify::to_csv(results));
    Loaded loaded;
    try {
      for (const verify::Instance& instance : list) {
        if (interrupted) throw Interrupted();
        results.push_back(decide(instance, loaded, status));
        const verify::InstanceResult& last = results.back();
        fmt::print("{:7} {:8.2f} s  {} {}\n", last.verdict, last.seconds,
                   printable(last.instance.network), printable(last.instance.property));
        std::fflush(stdout);
        write_atomically(table, verify::to_csv(results));
      }
    } catch (const Interrupted&) {
      say(common,
          fmt::format("interrupted: {} of {} instances are done", results.size(), list.size()));
      status = interrupted_exit();
    }
    fmt::print("{}\nverdicts {}\n", verify::to_summary(results), table);
    return status;
  }
};

}  // namespace

void add_verify(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command(
      "verify",
      "Decide a VNN-LIB property, or a list of them. The first line is unsat (proved: no unsafe "
      "output is reachable), sat (with a counterexample), timeout, unknown or error");
  app.option("NET", state->network, "FILE.onnx or FILE.onnx.gz");
  app.option("PROPERTY", state->property, "FILE.vnnlib or FILE.vnnlib.gz: the unsafe set");
  app.option("--instances", state->instances,
             "FILE.csv of a benchmark, with lines network,property,seconds; paths relative to it");
  app.options(state->input.options(), "Model input");
  app.options(state->options.options());
  for (const runs::Option& option : state->common.options()) {
    if (option.name == "threads" || option.name == "quiet") app.options({option}, "Running");
  }
  app.option("-o,--output", state->output,
             "results file with the same text; with --instances, the table [verdicts.csv]");
  app.footer(
      "Exit code 0 for unsat, sat, timeout and unknown; 2 or 3 for error, which is also the first "
      "line and in the results file.");
  app.run([state, app] { return state->run(app.given("--timeout")); });
}

}  // namespace gibbon::eval::cli
