// SPDX-License-Identifier: MIT
#include <algorithm>
#include <fmt/format.h>

#include "base/files.hpp"
#include "eval/cli/work.hpp"
#include "eval/runs/input_scaling.hpp"
#include "eval/runs/resume_file.hpp"
#include "eval/runs/run_folder.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  runs::SweepFields fields;
  std::string output = "runs/sweep";
  std::string from;
  bool resume = false;

  /// What the folder knows of its unfinished sweep; what was typed stands.
  void recall(const std::vector<std::string>& given) {
    runs::ResumeFile stored = runs::read_resume(output);
    model = stored.model;
    from = stored.from;
    const std::vector<runs::Option> typed = fields.fields();
    const std::vector<runs::Option> old = stored.fields.fields();
    for (std::size_t k = 0; k < typed.size(); ++k) {
      if (std::ranges::count(given, typed[k].name) > 0) continue;
      std::visit([&](auto* value) { *value = *std::get<decltype(value)>(old[k].value); },
                 typed[k].value);
    }
  }

  int run(const std::vector<std::string>& given) {
    if (std::ranges::count(given, "output") == 0 && !resume && !fields.common.force) {
      output = fresh_folder(output, {"run.json"});
    }
    if (resume && model.empty()) {
      if (is_there(std::filesystem::path(output) / "run.json") &&
          !is_there(std::filesystem::path(output) / kJournal)) {
        say(fields.common, fmt::format("{}: this sweep is finished; nothing to resume", output));
        return 0;
      }
      recall(given);
    }
    const std::string command = "gibbon sweep --model " + shell_word(model) +
                                typed(fields.fields(), runs::SweepFields().fields()) +
                                (from.empty() ? "" : " --from " + shell_word(from)) + " --output " +
                                shell_word(output);
    // Before the folder is touched.
    if (model.empty()) static_cast<void>(load_model(model, fields.input));
    static_cast<void>(runs::input_scaling(fields.input));
    const runs::RunLock lock = lock_new_folder(output, fields.common);
    if (!prepare_sweep(output, resume, fields.common.force)) {
      say(fields.common, fmt::format("{}: this sweep is finished; nothing to resume", output));
      return 0;
    }
    return run_sweep({.model = load_model(model, fields.input),
                      .model_path = model,
                      .fields = fields,
                      .folder = output,
                      .command = command,
                      .from = from,
                      .resume = resume});
  }
};

}  // namespace

void add_sweep(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command(
      "sweep", "Attack a model at a list of budgets and report accuracy versus epsilon");
  app.option("-m,--model", state->model, "FILE.onnx or FILE.onnx.gz, or FILE.pt (TorchScript)");
  app.options(state->fields.sweep.options(), "Attack");
  app.options(state->fields.data.options(), "Data");
  app.options(state->fields.input.options(), "Model input");
  app.options(state->fields.common.options(), "Running");
  app.option("-o,--output", state->output, "folder of the run").shows_default();
  app.option("--from", state->from,
             "judge the adversarial examples of FILE.npz instead of making new ones; arrays as in "
             "docs/formats.md");
  app.flag("--resume", state->resume,
           "resume the interrupted sweep in this folder; nothing else needs to be repeated");
  app.run([state, app] { return state->run(app.given()); });
}

}  // namespace gibbon::eval::cli
