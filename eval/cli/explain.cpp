// SPDX-License-Identifier: MIT
#include "eval/lab/explain.hpp"

#include "base/error.hpp"
#include "eval/cli/choices.hpp"
#include "eval/cli/command.hpp"
#include "eval/lab/explain_entry.hpp"
#include "models/bounds/region.hpp"
#include "models/open_target.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string name;
  std::string model;
  runs::InputOptions input;
  runs::DataOptions data;
  std::uint64_t sample = 0;
  std::string loss;
  double learning_rate = 0.1;
  double epsilon = 0.1;
  std::string norm = "linf";
  bool all = false;

  void run() {
    if (!name.empty()) {
      const std::string listed = lab::is_explained(name) ? "" : listed_entry(name);
      fmt::print("{}", listed.empty() ? lab::explain_entry(name) : listed);
      return;
    }
    const models::ModelFile file = load_model(model, input);
    models::require_layers(file, "explain");
    const models::Target target(file);
    data.samples = fmt::format("{}:{}", sample, sample + 1);
    const datasets::Dataset one = load_data(data, target, {});
    const lab::ExplainSettings settings{.loss = loss_of(target, loss),
                                        .learning_rate = learning_rate,
                                        .epsilon = epsilon,
                                        .norm = attacks::find_norm(norm),
                                        .all = all};
    fmt::print("{}", file.graph ? lab::explain_sample(*file.graph, one, 0, settings)
                                : lab::explain_sample(file.network, one, 0, settings));
  }
};

}  // namespace

void add_explain(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("explain",
                            "Print forward pass, backward pass and certificate of a sample with "
                            "every formula, or describe an attack, norm, activation, loss or "
                            "optimizer");
  app.option("NAME", state->name,
             "describe what is called so, e.g. pgd, autoattack, l2, relu, cross-entropy or adam, "
             "instead of a sample");
  app.option("-m,--model", state->model, "FILE.onnx or FILE.onnx.gz");
  app.options(state->input.options(), "Model input");
  app.option("--data", state->data.data, "data set or folder").shows_default();
  app.option("--data-dir", state->data.data_dir, "folder with <name>/<files>");
  app.option("--split", state->data.split, "train or test").shows_default();
  app.option("--sample", state->sample, "index of the sample, from 0").shows_default();
  app.option("--loss", state->loss, "loss C; empty: the one the model was trained with");
  app.option("--lr", state->learning_rate, "learning rate α of the step shown").shows_default();
  app.option("--epsilon,--epsilons", state->epsilon, "ε of the FGSM step shown").shows_default();
  app.option("--norm", state->norm,
             "norm of the certificate shown: " + listed(models::bounds::kBoundedNorms))
      .shows_default();
  app.flag("--all", state->all, "print every entry of every vector and matrix");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
