// SPDX-License-Identifier: MIT
#include "eval/cli/work.hpp"
#include "eval/runs/run_folder.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  runs::TrainOptions train;
  runs::DataOptions data{.split = "train"};
  runs::CommonOptions common;
  std::string output = "runs/train";

  void run() const {
    // A file name, or a folder for model.onnx and history.csv.
    const std::filesystem::path path(output);
    const bool file = path.extension() == ".onnx";
    const std::filesystem::path folder = file ? path.parent_path() : path;
    const std::string model = file ? path.filename().string() : "model.onnx";
    const std::string history = file ? path.stem().string() + ".history.csv" : "history.csv";
    runs::prepare_folder(folder.empty() ? "." : folder, {model}, common.force);
    run_training(train, data, common, folder / model, folder / history);
  }
};

}  // namespace

void add_train(CLI::App& root) {
  const auto state = std::make_shared<State>();
  CLI::App* app = root.add_subcommand(
      "train",
      "Train a multilayer perceptron by hand-written backpropagation; writes an ONNX model");
  add_options(*app, state->train.options());
  add_options(*app, state->data.options());
  add_options(*app, state->common.options());
  app->add_option("-o,--output", state->output,
                  "FILE.onnx, or a folder for model.onnx and history.csv")
      ->capture_default_str();
  app->callback([state] { state->run(); });
}

}  // namespace gibbon::eval::cli
