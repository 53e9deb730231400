// SPDX-License-Identifier: MIT
#include "eval/lab/crosscheck.hpp"

#include <fmt/format.h>

#include "eval/cli/command.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/sweep/clean_doubts.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string model;
  std::string loss;
  runs::DataOptions data{.samples = "0:256"};
  runs::CommonOptions common;

  void run() const {
    const models::ModelFile file = load_model(model);
    const datasets::Dataset samples = load_data(data, file.network, common);
    say_notes(common, sweep::doubt_clean_accuracy(*models::Target(file.network).fast, samples));
    const lab::CrosscheckReport report = lab::crosscheck(file.network, samples,
                                                         {.loss = loss_of(file.network, loss),
                                                          .seed = common.seed,
                                                          .samples = samples.size(),
                                                          .threads = common.workers()});
    fmt::print("{}", lab::to_text(report));
    if (!report.ok()) exit_code = 1;
  }
};

}  // namespace

void add_crosscheck(CLI::App& root) {
  const auto state = std::make_shared<State>();
  CLI::App* app = root.add_subcommand(
      "crosscheck",
      "Compare every number of a model's passes, FGSM and training with LibTorch's. Both take the "
      "network as gibbon has read it: a fault in reading the file is not seen");
  app->add_option("--model", state->model, "FILE.onnx or FILE.onnx.gz");
  app->add_option("--loss", state->loss, "loss C; empty: the one the model was trained with");
  add_options(*app, state->data.options());
  app->add_option("--seed", state->common.seed, "key of all randomness")->capture_default_str();
  app->add_option("--threads", state->common.threads, "workers; 0: all cores")
      ->capture_default_str();
  app->callback([state] { state->run(); });
}

}  // namespace gibbon::eval::cli
