// SPDX-License-Identifier: MIT
#include "eval/runs/training.hpp"

#include "base/error.hpp"
#include "models/train/architecture.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::runs {
namespace {

void require_range(std::string_view name, double value, double low, double high) {
  if (low <= value && value <= high) return;
  fail_usage("--{} {}: outside [{}, {}]", name, value, low, high);
}

std::string initialiser_for(const TrainOptions& options) {
  if (!options.init.empty()) return options.init;
  if (models::train::names_graph(options.arch)) return "he";
  return options.activation == "relu" || options.activation == "leaky-relu" ||
                 options.activation == "gelu" || options.activation == "softplus" ||
                 options.activation == "elu" || options.activation == "silu"
             ? "he"
             : "xavier";
}

std::string schedule_for(const TrainOptions& options) {
  if (!options.schedule.empty()) return options.schedule;
  return models::train::names_graph(options.arch) ? "cosine" : "constant";
}

models::train::robust::RobustSettings robust_settings(const TrainOptions& options) {
  if (options.robust.empty()) return {};
  require_range("train-epsilon", options.train_epsilon, 0.0, 1e6);
  require_range("beta", options.beta, 0.0, 1.0);
  require_range("warm-up", options.warm_up, 0.0, 1.0);
  require_range("ramp", options.ramp, 0.0, 1.0);
  require_range("pgd-steps", static_cast<double>(options.pgd_steps), 1.0, 1e6);
  if (options.kappa != -1.0) require_range("kappa", options.kappa, 0.0, 1.0);
  const models::train::robust::RobustInfo& method =
      models::train::robust::find_robust(options.robust);
  return {.method = &method,
          .epsilon = options.train_epsilon,
          .kappa = options.kappa == -1.0 ? method.usual_kappa : options.kappa,
          .beta = options.beta,
          .warm_up = options.warm_up,
          .ramp = options.ramp,
          .steps = options.pgd_steps};
}

models::Network start_network(const TrainOptions& options, const CommonOptions& common,
                              models::Output output) {
  if (!models::train::names_graph(options.arch)) {
    return models::train::make_network(
        models::parse_architecture(options.arch), models::make_activation(options.activation),
        output, models::train::find_initialiser(initialiser_for(options)), common.seed);
  }
  // Refused before data are loaded; their classes are not known yet.
  static_cast<void>(models::train::full_architecture(options.arch, 2));
  if (options.activation != TrainOptions{}.activation) {
    fail_usage("--activation {}: --arch {} names its activations itself; omit --activation",
               options.activation, options.arch);
  }
  return {};
}

}  // namespace

TrainPlan plan_training(const TrainOptions& options, const CommonOptions& common) {
  require_range("lr", options.lr, 0.0, 1e6);
  require_range("momentum", options.momentum, 0.0, 1.0);
  require_range("weight-decay", options.weight_decay, 0.0, 1e6);
  require_range("validation", options.validation, 0.0, 0.5);
  require_range("epochs", static_cast<double>(options.epochs), 1.0, 1e6);
  require_range("noise-sigma", options.noise_sigma, 0.0, 1e6);
  if (options.noise_sigma > 0.0 && !options.robust.empty()) {
    fail_usage("--noise-sigma {}: cannot be combined with --robust {}; omit one of them",
               options.noise_sigma, options.robust);
  }
  require_range("batch", static_cast<double>(options.batch), 1.0, 1e9);
  const models::OptimizerInfo& optimizer = models::find_optimizer(options.optimizer);
  const models::LossInfo& loss = models::find_loss(options.loss);
  const models::Output output =
      options.answer.empty() ? loss.usual_output : models::find_output(options.answer);
  return {
      .network = start_network(options, common, output),
      .settings = {.step = {.loss = models::make_loss(options.loss, output),
                            .optimizer = &optimizer,
                            .momentum = options.momentum,
                            .weight_decay = options.weight_decay,
                            .threads = common.workers(),
                            .robust = robust_settings(options),
                            .noise_sigma = options.noise_sigma,
                            .augment = models::train::parse_augmentation(options.augment),
                            .seed = common.seed},
                   .schedule = &models::train::find_schedule(schedule_for(options)),
                   .learning_rate = options.lr == 0.0 ? optimizer.usual_learning_rate : options.lr,
                   .epochs = options.epochs,
                   .batch = options.batch,
                   .validation = options.validation,
                   .patience = options.patience,
                   .seed = common.seed}};
}

models::Graph start_graph(const TrainOptions& options, const TrainPlan& plan,
                          const datasets::Dataset& data) {
  const datasets::Shape& shape = data.shape;
  return models::train::make_graph(
      models::train::full_architecture(options.arch, data.class_names.size()),
      {.height = shape.height, .width = shape.width, .channels = shape.channels},
      plan.settings.step.loss.output, models::train::find_initialiser(initialiser_for(options)),
      plan.settings.seed);
}

void describe_training(std::map<std::string, std::string>& metadata, const TrainOptions& options,
                       const CommonOptions& common, const datasets::Dataset& data,
                       const models::train::TrainResult& result) {
  TrainOptions copy = options;
  if (models::train::names_graph(options.arch)) {
    copy.arch = models::train::full_architecture(options.arch, data.class_names.size());
    copy.activation.clear();  // the architecture says which
  }
  for (const Option& option : copy.options()) {
    metadata["gibbon.train." + std::string(option.name)] = to_text(option);
  }
  metadata["gibbon.train.schedule"] = schedule_for(options);
  metadata["gibbon.train.init"] = initialiser_for(options);
  metadata["gibbon.train.lr"] = fmt::format(
      "{}", options.lr == 0.0 ? models::find_optimizer(options.optimizer).usual_learning_rate
                              : options.lr);
  metadata["gibbon.train.seed"] = std::to_string(common.seed);
  metadata["gibbon.data.name"] = data.name;
  metadata["gibbon.data.split"] = data.split;
  metadata["gibbon.data.sha256"] = data.sha256;
  metadata["gibbon.data.train_samples"] = std::to_string(result.train_samples);
  metadata["gibbon.data.validation_samples"] = std::to_string(result.validation_samples);
  metadata["gibbon.best_epoch"] = std::to_string(result.best_epoch);
  if (result.best_epoch == 0) return;
  const models::train::EpochRecord& best = result.history[result.best_epoch - 1];
  metadata["gibbon.train_loss"] = fmt::format("{}", best.loss);
  const auto known = [](std::optional<double> value) {
    return value ? fmt::format("{}", *value) : std::string("nan");  // as the files always had it
  };
  const std::optional<models::train::Validation>& v = best.validation;
  metadata["gibbon.validation_accuracy"] = known(v ? std::optional(v->accuracy) : std::nullopt);
  if (options.robust.empty()) return;
  metadata["gibbon.validation_standing"] = known(v ? v->standing : std::nullopt);
}

}  // namespace gibbon::eval::runs
