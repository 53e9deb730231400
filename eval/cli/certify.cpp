// SPDX-License-Identifier: MIT
#include "eval/certify/certify.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/counted_work.hpp"
#include "eval/cli/work.hpp"
#include "eval/runs/limit_files.hpp"
#include "eval/runs/provenance.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/runs/stored_run.hpp"
#include "eval/runs/witnesses.hpp"
#include "eval/sweep/clean_doubts.hpp"
#include "eval/sweep/epsilons.hpp"
#include "reports/table/table.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  runs::InputOptions input;
  runs::CertifyOptions options;
  runs::DataOptions data;
  runs::CommonOptions common;
  std::string output = "runs/certify";

  [[nodiscard]] std::string command() {
    return "gibbon certify --model " + shell_word(model) +
           typed(data.options(), runs::DataOptions().options()) +
           typed(input.options(), runs::InputOptions().options()) +
           typed(options.options(), runs::CertifyOptions().options()) +
           typed(common.options(), runs::CommonOptions().options()) + " --output " +
           shell_word(output);
  }

  [[nodiscard]] certify::CertifyPlan plan() const {
    if (!(options.timeout >= 0.0 && options.timeout <= 1e7)) {
      fail_usage(
          "--timeout {}: outside [0, 1e7]; give the seconds a sample may take, 0 for no limit",
          options.timeout);
    }
    return {.norm = attacks::find_norm(options.norm),
            .epsilons = options.epsilons.empty() ? std::vector<double>{}  // until there are data
                                                 : sweep::parse_epsilons(options.epsilons),
            .clip = options.no_clip ? certify::Clip::kNone : certify::Clip::kToRange,
            .radius = options.radius ? certify::Radius::kBisect : certify::Radius::kOfCurve,
            .limits = {.nodes = options.nodes,
                       .seconds = options.timeout,
                       .soundness = verify::find_soundness(options.soundness)},
            .threads = common.workers()};
  }

  /// Whether certificates are what this very command would find.
  [[nodiscard]] bool answers(const reports::record::Certificates& c,
                             const certify::CertifyPlan& asked) const {
    const auto& made = c.provenance;
    return c.norm == attacks::to_string(asked.norm) && c.level == level(asked) &&
           c.with_radius == options.radius &&
           made.value("nodes", std::uint64_t{0}) == options.nodes &&
           made.value("timeout", -1.0) == options.timeout &&
           made.value("clip", options.no_clip) == !options.no_clip &&
           std::ranges::equal(c.curve, asked.epsilons, {},
                              &reports::record::CertifiedPoint::epsilon);
  }

  /// After a command that was killed between its proofs and its pictures: draws what is there, and
  /// tells whether that answers this command.
  [[nodiscard]] bool finish_drawing(reports::record::Run& run,
                                    const certify::CertifyPlan& asked) const {
    const std::filesystem::path folder = output;
    if (run.provenance.empty() || common.force || !runs::is_half_drawn(folder)) return false;
    runs::draw_run(folder, run, runs::read_run_gallery(folder, run));
    say(common,
        fmt::format(
            "{}: its certificates were written, but not its page and images; they are drawn now",
            output));
    if (std::ranges::none_of(run.certificates, [&](const auto& c) { return answers(c, asked); })) {
      return false;
    }
    print(run);
    return true;
  }

  void require_new(const reports::record::Run& run, std::string_view norm) const {
    const bool there = std::ranges::any_of(
        run.certificates, [&](const reports::record::Certificates& c) { return c.norm == norm; });
    if (there && !common.force) {
      fail_usage(
          "{}: the folder already contains certificates in {}; choose another --output, or replace "
          "them with --force",
          output, norm);
    }
  }

  /// The run in the folder that the certificates join: an empty one where there is none, or where
  /// --force replaces one of certificates alone.
  [[nodiscard]] reports::record::Run run_to_join(const models::ModelFile& file,
                                                 const datasets::Dataset& samples,
                                                 const certify::CertifyPlan& asked) const {
    const std::filesystem::path folder = output;
    if (is_there(folder / kJournal)) {
      fail_usage(
          "{}: the folder contains an unfinished sweep ({}); finish it with --resume before "
          "merging certificates, or choose another --output",
          output, kJournal);
    }
    if (!is_there(folder / "run.json")) return {};
    reports::record::Run run = runs::read_run_folder(folder);
    if (run.curve.empty() && common.force) return {};
    runs::require_joinable(folder, run, file.sha256, samples, asked.norm,
                           runs::limits_record(asked.adversary));
    if (!run.curve.empty() && options.no_clip) {
      fail_usage(
          "--no-clip: the attacks in {} stay in the valid range of the data, so lower and upper "
          "bound would cover different inputs; omit --no-clip, or choose another --output",
          output);
    }
    return run;
  }

  int run() {
    certify::CertifyPlan asked = plan();
    const models::ModelFile file = load_model(model, input);
    static_cast<void>(models::perceptron_of(file, "certify"));
    asked.adversary = runs::read_limits(options.limits);
    const runs::RunLock lock = lock_new_folder(output, common);
    runs::prepare_folder(output, {}, common.force);
    const models::Target target(file);
    const datasets::Dataset samples = load_data(data, target, common);
    asked.adversary = sweep::fit_limits(asked.adversary, samples);
    if (asked.epsilons.empty()) {
      asked.epsilons = certify::usual_epsilons(asked.norm, samples.shape.size());
    }
    const std::vector<std::string> doubts = sweep::doubt_clean_accuracy(*target.fast, samples);
    say_notes(common, doubts);
    reports::record::Run joined = run_to_join(file, samples, asked);
    if (finish_drawing(joined, asked)) return 0;
    require_new(joined, attacks::to_string(asked.norm));
    asked.attacked = runs::broken_distances(joined, asked.norm);
    auto proved = run_counted("certify", common, [&](const auto& progress) {
      return certify::certify(file.network, samples, asked, progress);
    });
    if (!proved) return interrupted_exit();
    write(file, samples, asked, std::move(proved->result), proved->seconds, joined, doubts);
    return 0;
  }

  [[nodiscard]] std::string level(const certify::CertifyPlan& asked) const {
    return "level " + options.soundness + ": holds " +
           std::string(verify::meaning_of(asked.limits.soundness));
  }

  [[nodiscard]] reports::record::Certificates certificates(const certify::CertifyPlan& asked,
                                                           certify::CertifyResult result,
                                                           double seconds) {
    return {.provenance = {{"command", command()},
                           {"method", "CROWN, alpha, branch and bound"},
                           {"nodes", options.nodes},
                           {"timeout", options.timeout},
                           {"clip", !options.no_clip},
                           {"environment", runs::environment()},
                           {"seconds", seconds}},
            .norm = std::string(attacks::to_string(asked.norm)),
            .level = level(asked),
            .clean_correct = result.clean_correct,
            .with_radius = options.radius,
            .curve = std::move(result.curve),
            .samples = std::move(result.samples)};
  }

  void write(const models::ModelFile& file, const datasets::Dataset& samples,
             const certify::CertifyPlan& asked, certify::CertifyResult result, double seconds,
             reports::record::Run& run, const std::vector<std::string>& doubts) {
    const std::filesystem::path folder = output;
    const bool alone = run.curve.empty() && run.certificates.empty();
    const std::vector<certify::Witness> witnesses = std::move(result.witnesses);
    reports::record::Certificates proved = certificates(asked, std::move(result), seconds);
    std::erase_if(run.certificates, [&](const reports::record::Certificates& old) {
      return old.norm == proved.norm;
    });
    run.certificates.push_back(std::move(proved));
    if (alone) {
      run.provenance = runs::certify_provenance(
          {.command = command(), .model_path = model, .model_sha256 = file.sha256}, file.network,
          samples, data);
      run.diagnosis = doubts;
      runs::add_limits(run, asked.adversary);
      say_notes(common, std::span(run.diagnosis).first(run.diagnosis.size() - doubts.size()));
      run.diagnosis.insert(run.diagnosis.begin(), samples.notes.begin(), samples.notes.end());
      runs::start_run(folder);
    }
    runs::begin_drawing(folder);
    runs::write_witnesses(folder, samples, asked.norm, witnesses);
    runs::write_certificates(folder, run);
    runs::draw_run(folder, run, runs::read_run_gallery(folder, run));
    print(run);
  }

  void print(const reports::record::Run& run) const {
    const std::filesystem::path folder = output;
    fmt::print("{}report {}\n", reports::table::to_table(run, screen()),
               printable((folder / "report.html").string()));
  }
};

}  // namespace

void add_certify(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command(
      "certify",
      "Prove certified accuracy: a lower bound of robust accuracy that holds against every "
      "attack. In the folder of a sweep of the same model, samples and norm, "
      "certificates are merged and the report shows the certified band");
  app.option("-m,--model", state->model, "FILE.onnx or FILE.onnx.gz");
  app.options(state->input.options(), "Model input");
  app.options(state->options.options(), "Certificates");
  app.options(state->data.options(), "Data");
  for (const runs::Option& option : state->common.options()) {
    if (option.name != "seed") app.options({option}, "Running");  // nothing here is drawn
  }
  app.option("-o,--output", state->output, "folder of a sweep to merge into, or a new folder")
      .shows_default();
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
