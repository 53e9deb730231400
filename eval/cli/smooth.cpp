// SPDX-License-Identifier: MIT
#include "eval/certify/smooth.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/counted_work.hpp"
#include "eval/runs/provenance.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/sweep/clean_doubts.hpp"
#include "eval/sweep/epsilons.hpp"
#include "models/open_target.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  runs::SmoothOptions options;
  runs::InputOptions input;
  runs::DataOptions data{.samples = "0:100"};
  runs::CommonOptions common;
  std::string input_shape;
  std::string output = "runs/smooth";

  [[nodiscard]] std::string command() {
    return "gibbon smooth --model " + shell_word(model) +
           typed(data.options(), runs::DataOptions{.samples = "0:100"}.options()) +
           typed(input.options(), runs::InputOptions().options()) +
           typed(options.options(), runs::SmoothOptions().options()) +
           typed(common.options(), runs::CommonOptions().options()) +
           (input_shape.empty() ? "" : " --input-shape " + shell_word(input_shape)) + " --output " +
           shell_word(output);
  }

  [[nodiscard]] certify::SmoothPlan plan() const {
    constexpr std::uint64_t kMost = 1'000'000'000;
    if (!(options.sigma > 0.0 && options.sigma <= 1e6)) {
      fail_usage("--sigma {}: outside (0, 1e6]; write for example --sigma 0.25", options.sigma);
    }
    if (!(options.alpha > 0.0 && options.alpha < 0.5)) {
      fail_usage("--alpha {}: outside (0, 0.5); write for example --alpha 0.001", options.alpha);
    }
    for (const auto& [name, draws] : {std::pair{"n0", options.n0}, std::pair{"n", options.n}}) {
      if (draws < 1 || draws > kMost) fail_usage("--{} {}: outside [1, {}]", name, draws, kMost);
    }
    return {.sigma = options.sigma,
            .n0 = options.n0,
            .n = options.n,
            .alpha = options.alpha,
            .epsilons = sweep::parse_epsilons(options.epsilons),
            .seed = common.seed,
            .threads = common.workers()};
  }

  int run(bool output_given) {
    const certify::SmoothPlan asked = plan();
    const models::ModelFile file = load_model(model, input);
    if (!output_given && !common.force) output = fresh_folder(output, {"smoothed.json"});
    const runs::RunLock lock = lock_new_folder(output, common);
    runs::prepare_folder(output, {"smoothed.json"}, common.force);
    datasets::Dataset samples = runs::load_data(data);
    const models::Target target = models::open_target(file, input_shape, samples.shape);
    samples = runs::fit_data(std::move(samples), target);
    say_notes(common, target.notes);
    say_notes(common, samples.notes);
    say_notes(common, sweep::doubt_clean_accuracy(*target.fast, samples));
    auto proved = run_counted("smooth", common, [&](const auto& progress) {
      return certify::smooth(target, samples, asked, progress);
    });
    if (!proved) return interrupted_exit();
    write(file.sha256, target, samples, std::move(proved->result), proved->seconds);
    return 0;
  }

  void write(const std::string& sha256, const models::Target& target,
             const datasets::Dataset& samples, certify::SmoothResult result, double seconds) {
    const std::filesystem::path folder = output;
    const std::string& architecture = target.architecture;
    nlohmann::ordered_json provenance = runs::provenance_of(
        {.command = command(), .model_path = model, .model_sha256 = sha256}, target, samples, data);
    provenance["method"] = "randomised smoothing";
    provenance["seed"] = common.seed;
    provenance["seconds"] = seconds;
    const reports::record::Smoothed smoothed{
        .provenance = std::move(provenance),
        .title = fmt::format("{} ({}) on {} {}, n = {}",
                             std::filesystem::path(model).filename().string(), architecture,
                             samples.name, samples.split, samples.size()),
        .sigma = options.sigma,
        .n0 = options.n0,
        .n = options.n,
        .alpha = options.alpha,
        .curve = std::move(result.curve),
        .samples = std::move(result.samples)};
    remove_file(folder / "smoothed.json");
    write_atomically(folder / "smoothed.csv", reports::record::to_smoothed_csv(smoothed));
    write_atomically(folder / "smoothed.json", reports::record::to_smoothed_json(smoothed));
    fmt::print("{}certificates {}\n", reports::record::to_smoothed_table(smoothed),
               printable((folder / "smoothed.json").string()));
  }
};

}  // namespace

void add_smooth(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("smooth",
                            "Randomized smoothing: certify the smoothed classifier (not the model "
                            "itself) in l2, with high probability");
  app.option("-m,--model", state->model, "FILE.onnx or FILE.onnx.gz, or FILE.pt (TorchScript)");
  app.option("--input-shape", state->input_shape,
             "input of a TorchScript module: channels,rows,columns such as 1,28,28, or one number; "
             "empty: as the data");
  app.options(state->input.options(), "Model input");
  app.options(state->options.options(), "Smoothing");
  app.options(state->data.options(), "Data");
  app.options(state->common.options(), "Running");
  app.option("-o,--output", state->output, "folder for smoothed.csv and smoothed.json")
      .shows_default();
  app.run([state, app] { return state->run(app.given("--output")); });
}

}  // namespace gibbon::eval::cli
