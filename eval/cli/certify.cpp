#include "eval/certify.hpp"

#include <chrono>
#include <fmt/format.h>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/parallel.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/progress.hpp"
#include "eval/epsilons.hpp"
#include "eval/provenance.hpp"
#include "eval/run_folder.hpp"
#include "models/train/train.hpp"

namespace gibbon::eval::cli {
namespace {

constexpr std::string_view kLevel =
    "level R: holds in real arithmetic for the weights as stored, rounding of the proof included; "
    "not for the rounding of a forward pass in float32 or double";

struct State {
  std::string model;
  CertifyOptions options;
  DataOptions data;
  CommonOptions common;
  std::string output = "runs/certify";

  [[nodiscard]] std::string command() {
    return "gibbon certify --model " + shell_word(model) +
           typed(data.options(), DataOptions().options()) +
           typed(options.options(), CertifyOptions().options()) +
           typed(common.options(), CommonOptions().options()) + " --output " + shell_word(output);
  }

  [[nodiscard]] CertifyPlan plan() const {
    return {.norm = attacks::find_norm(options.norm),
            .epsilons = parse_epsilons(options.epsilons),
            .clip = options.no_clip ? Clip::kNone : Clip::kToRange,
            .radius = options.radius ? Radius::kBisect : Radius::kOfCurve,
            .threads = common.workers()};
  }

  [[nodiscard]] nlohmann::ordered_json provenance(const models::ModelFile& file,
                                                  const datasets::Dataset& samples,
                                                  double seconds) {
    return {
        {"schema", 1},
        {"command", command()},
        {"model",
         {{"path", model}, {"sha256", file.sha256}, {"architecture", file.network.architecture()}}},
        {"data",
         {{"name", samples.name},
          {"split", samples.split},
          {"sha256", samples.sha256},
          {"samples", data.samples},
          {"n", samples.size()},
          {"units", "input units"}}},
        {"method", "CROWN"},
        {"clip", !options.no_clip},
        {"environment", environment()},
        {"seconds", seconds}};
  }

  void run() {
    const CertifyPlan asked = plan();
    const models::ModelFile file = load_model(model);
    prepare_folder(output, {"certified.json"}, common.force);
    const datasets::Dataset samples = load_data(data);
    models::require_fit(file.network, samples);
    const auto start = std::chrono::steady_clock::now();
    Progress progress("certify", "images", common.quiet);
    CertifyResult result;
    try {
      result = certify(file.network, samples, asked,
                       [&](std::size_t done, std::size_t total) { progress.update(done, total); });
    } catch (const Interrupted&) {
      progress.pause();
      say(common, "interrupted: nothing was written");
      exit_code = kInterruptedExit;
      return;
    }
    progress.pause();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    write(file, samples, asked, std::move(result), seconds.count());
  }

  void write(const models::ModelFile& file, const datasets::Dataset& samples,
             const CertifyPlan& asked, CertifyResult result, double seconds) {
    const std::filesystem::path folder = output;
    const reports::Certificates certificates{
        .provenance = provenance(file, samples, seconds),
        .norm = std::string(attacks::to_string(asked.norm)),
        .title = fmt::format(
            "{} ({}) on {} {}, n = {}", std::filesystem::path(model).filename().string(),
            file.network.architecture(), samples.name, samples.split, samples.size()),
        .level = std::string(kLevel),
        .clean_correct = result.clean_correct,
        .with_radius = options.radius,
        .curve = std::move(result.curve),
        .samples = std::move(result.samples)};
    std::filesystem::remove(folder / "certified.json");
    write_atomically(folder / "certified.csv", reports::to_certified_csv(certificates));
    write_atomically(folder / "certified.json", reports::to_certified_json(certificates));
    fmt::print("{}certificates {}\n", reports::to_certified_table(certificates),
               (folder / "certified.json").string());
  }
};

}  // namespace

void add_certify(CLI::App& root) {
  const auto state = std::make_shared<State>();
  CLI::App* app = root.add_subcommand(
      "certify", "Prove how many samples no input within a budget can break: a lower bound");
  app->add_option("--model", state->model, "FILE.onnx or FILE.onnx.gz");
  add_options(*app, state->options.options());
  add_options(*app, state->data.options());
  for (const Option& option : state->common.options()) {
    if (option.name != "seed") add_options(*app, {option});  // nothing here is drawn
  }
  app->add_option("-o,--output", state->output, "folder of certified.csv and certified.json")
      ->capture_default_str();
  app->callback([state] { state->run(); });
}

}  // namespace gibbon::eval::cli
