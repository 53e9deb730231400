// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "eval/cli/work.hpp"
#include "eval/runs/input_scaling.hpp"
#include "eval/runs/run_folder.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  runs::SweepFields fields;
  std::string output = "runs/sweep";
  std::string from;
  bool resume = false;

  int run() {
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
  app.option("--model", state->model, "FILE.onnx or FILE.onnx.gz, or FILE.pt (TorchScript)");
  app.options(state->fields.fields());
  app.option("-o,--output", state->output, "folder of the run").shows_default();
  app.option("--from", state->from,
             "judge the adversarial examples of FILE.npz instead of making new ones; arrays as in "
             "docs/formats.md");
  app.flag("--resume", state->resume, "resume the interrupted sweep in this folder");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
