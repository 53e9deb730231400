#include "eval/cli/exit_code.hpp"
#include "eval/cli/work.hpp"
#include "eval/run_folder.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  SweepOptions sweep;
  DataOptions data;
  CommonOptions common;
  std::string output = "runs/sweep";

  void run() {
    const std::string command = "gibbon sweep --model " + shell_word(model) +
                                typed(data.options(), DataOptions().options()) +
                                typed(sweep.options(), SweepOptions().options()) +
                                typed(common.options(), CommonOptions().options()) + " --output " +
                                shell_word(output);
    const models::ModelFile file = load_model(model);
    prepare_folder(output, {"run.json"}, common.force);
    exit_code = run_sweep(file, model, sweep, data, common, output, command);
  }
};

}  // namespace

void add_sweep(CLI::App& root) {
  const auto state = std::make_shared<State>();
  CLI::App* app = root.add_subcommand(
      "sweep", "Attack a model at a list of budgets and report accuracy versus epsilon");
  app->add_option("--model", state->model, "FILE.onnx or FILE.onnx.gz");
  add_options(*app, state->sweep.options());
  add_options(*app, state->data.options());
  add_options(*app, state->common.options());
  app->add_option("-o,--output", state->output, "folder of the run")->capture_default_str();
  app->callback([state] { state->run(); });
}

}  // namespace gibbon::eval::cli
