// SPDX-License-Identifier: MIT
#include "base/parallel.hpp"
#include "base/printable.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/work.hpp"
#include "eval/runs/run_folder.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  runs::TrainOptions train;
  runs::DataOptions data{.split = "train"};
  runs::CommonOptions common;
  std::string output = "runs/train";

  int run(bool output_given) {
    if (!output_given && !common.force) output = fresh_folder(output, {"model.onnx"});
    // A file name, or a folder for model.onnx and history.csv.
    const std::filesystem::path path(output);
    const bool file = path.extension() == ".onnx";
    const std::filesystem::path folder = file ? path.parent_path() : path;
    const std::string model = file ? path.filename().string() : "model.onnx";
    const std::string history = file ? path.stem().string() + ".history.csv" : "history.csv";
    runs::prepare_folder(folder.empty() ? "." : folder, {model}, common.force);
    run_training(train, data, common, folder / model, folder / history);
    if (interrupted) return interrupted_exit();
    runs::DataOptions attacked = data;
    attacked.split = "test";
    attacked.samples = "all";
    fmt::print("next: gibbon sweep --model {}{}\n",
               printable(shell_word((folder / model).string())),
               typed(attacked.options(), runs::DataOptions().options()));
    return 0;
  }
};

}  // namespace

void add_train(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("train",
                            "Train a network by hand-written backpropagation; writes an ONNX model "
                            "and its learning curve");
  app.options(state->train.options(), "Training");
  app.options(state->data.options(), "Data");
  app.options(state->common.options(), "Running");
  app.option("-o,--output", state->output,
             "FILE.onnx, or a folder for model.onnx, history.csv and history.svg")
      .shows_default();
  app.run([state, app] { return state->run(app.given("--output")); });
}

}  // namespace gibbon::eval::cli
