// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/work.hpp"
#include "eval/runs/experiment.hpp"
#include "eval/runs/input_scaling.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/runs/training.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string file;
  bool dry_run = false;
  // What the command line says wins over the file.
  std::optional<std::string> output;
  std::optional<std::string> data;
  std::optional<std::string> data_dir;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> threads;
  bool force = false;
  bool quiet = false;
  bool resume = false;

  [[nodiscard]] runs::Experiment experiment() const {
    runs::Experiment e = runs::read_experiment(file);
    if (output) e.output = *output;
    if (data) e.data.data = *data;
    if (data_dir) e.data.data_dir = *data_dir;
    if (seed) e.common.seed = *seed;
    if (threads) e.common.threads = *threads;
    e.common.force = e.common.force || force;
    e.common.quiet = e.common.quiet || quiet;
    return e;
  }

  [[nodiscard]] std::string command() const {
    std::string text = "gibbon run " + shell_word(file);
    if (data) text += " --data " + shell_word(*data);
    if (data_dir) text += " --data-dir " + shell_word(*data_dir);
    if (seed) text += fmt::format(" --seed {}", *seed);
    if (output) text += " --output " + shell_word(*output);
    return text;
  }

  int run() const {
    runs::Experiment e = experiment();
    // Everything that can be wrong in the plan is found before anything is written.
    if (e.model.empty()) static_cast<void>(runs::plan_training(e.train, e.common));
    static_cast<void>(plan_sweep(e.sweep, e.common));
    static_cast<void>(runs::input_scaling(e.input));
    if (dry_run) {
      fmt::print("{}", runs::to_text(e));
      return 0;
    }
    const std::filesystem::path folder(e.output);
    const runs::RunLock lock = lock_new_folder(folder, e.common);
    models::ModelFile model;
    if (resume && e.model.empty() && is_there(folder / kJournal)) {
      e.model = (folder / "model.onnx").string();  // trained before the sweep was stopped
    }
    std::filesystem::path path = e.model;
    if (e.model.empty()) {
      runs::prepare_folder(folder, {"run.json", "model.onnx"}, e.common.force);
      path = folder / "model.onnx";
      runs::DataOptions train_data = e.data;
      train_data.split = "train";
      train_data.samples = "all";
      model = run_training(e.train, train_data, e.common, path, folder / "history.csv");
      if (interrupted) return interrupted_exit();
    } else {
      model = load_model(e.model, e.input);
    }
    if (!prepare_sweep(folder, resume, e.common.force)) {
      say(e.common, fmt::format("{}: this run is finished; nothing to resume", folder.string()));
      return 0;
    }
    return run_sweep({.model = std::move(model),
                      .model_path = path,
                      .fields = e,
                      .folder = folder,
                      .command = command(),
                      .from = {},
                      .resume = resume});
  }
};

}  // namespace

void add_run(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("run", "Train, sweep and report as an experiment file describes");
  app.option("FILE", state->file, "experiment.toml; its keys are the long options").required();
  app.flag("--dry-run", state->dry_run, "print the plan without running it");
  app.option("-o,--output", state->output, "folder of the run; overrides the file");
  app.option("--data", state->data, "data set; overrides the file");
  app.option("--data-dir", state->data_dir, "folder with <name>/<files>");
  app.option("--seed", state->seed, "random seed");
  app.option("--threads", state->threads, "worker threads; 0: all cores");
  app.flag("--force", state->force, "replace existing results");
  app.flag("--resume", state->resume, "resume the interrupted sweep in this folder");
  app.flag("-q,--quiet", state->quiet, "print neither progress nor diagnostics to stderr");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
