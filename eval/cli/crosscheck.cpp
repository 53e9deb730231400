// SPDX-License-Identifier: MIT
#include "eval/lab/crosscheck.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "eval/cli/command.hpp"
#include "eval/sweep/clean_doubts.hpp"
#include "models/open_target.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  std::string loss;
  runs::InputOptions input;
  runs::DataOptions data{.samples = "0:256"};
  runs::CommonOptions common;

  int run() const {
    const models::ModelFile file = load_model(model, input);
    models::require_layers(file, "crosscheck");
    const models::Target target(file);
    const datasets::Dataset samples = load_data(data, target, common);
    say_notes(common, sweep::doubt_clean_accuracy(*target.fast, samples));
    const lab::CrosscheckSettings settings{.loss = loss_of(target, loss),
                                           .seed = common.seed,
                                           .samples = samples.size(),
                                           .threads = common.workers()};
    const lab::CrosscheckReport report = file.graph
                                             ? lab::crosscheck(*file.graph, samples, settings)
                                             : lab::crosscheck(file.network, samples, settings);
    fmt::print("{}", lab::to_text(report));
    return report.ok() ? 0 : static_cast<int>(ErrorKind::kCheckFailed);
  }
};

}  // namespace

void add_crosscheck(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command(
      "crosscheck",
      "Compare forward and backward pass, FGSM and training with LibTorch. Both use the network as "
      "gibbon has read it, so an error in reading the file is not seen");
  app.option("-m,--model", state->model, "FILE.onnx or FILE.onnx.gz");
  app.options(state->input.options(), "Model input");
  app.option("--loss", state->loss, "loss C; empty: the one the model was trained with");
  app.options(state->data.options(), "Data");
  app.option("--seed", state->common.seed, "random seed").shows_default();
  app.option("--threads", state->common.threads, "worker threads; 0: all cores").shows_default();
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
