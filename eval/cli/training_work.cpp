// SPDX-License-Identifier: MIT
#include <numeric>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/phase.hpp"
#include "base/printable.hpp"
#include "eval/cli/progress.hpp"
#include "eval/cli/training_summary.hpp"
#include "eval/cli/work.hpp"
#include "eval/runs/training.hpp"
#include "models/train/architecture.hpp"
#include "models/train/robust/robust_evaluation.hpp"
#include "models/train/train.hpp"

namespace gibbon::eval::cli {
namespace {

/// "94.81 % (9,481 of 10,000; 95 % interval 94.36–95.23 %)"
std::string rate(std::size_t correct, std::size_t n) {
  const auto interval = reports::record::wilson95(correct, n);
  return fmt::format("{:.2f} % ({} of {}; 95 % interval {:.2f}-{:.2f} %)",
                     100.0 * static_cast<double>(correct) / static_cast<double>(n), correct, n,
                     100.0 * interval.low, 100.0 * interval.high);
}

void print_epoch(const models::train::EpochRecord& r, std::size_t epochs,
                 const runs::CommonOptions& common) {
  std::string validation;
  if (r.validation) {
    validation = fmt::format("  validation loss {:.4f}  accuracy {:.2f} %", r.validation->loss,
                             100.0 * r.validation->accuracy);
  }
  if (r.validation && r.validation->standing) {
    validation += fmt::format("  worst case {:.2f} %", 100.0 * *r.validation->standing);
  }
  say(common, fmt::format("epoch {}/{}  loss {:.4f}  accuracy {:.2f} %{}", r.epoch, epochs, r.loss,
                          100.0 * r.accuracy, validation));
}

void explain_end(const models::train::TrainResult& result, const runs::CommonOptions& common,
                 const std::filesystem::path& path) {
  switch (result.end) {
    case models::train::TrainEnd::kFinished: return;
    case models::train::TrainEnd::kStoppedEarly:
      say(common, fmt::format("early stopping after epoch {}: epoch {} was the best",
                              result.history.size(), result.best_epoch));
      return;
    case models::train::TrainEnd::kInterrupted:
      say(common, result.best_epoch == 0
                      ? std::string("interrupted before a single step; no model was written")
                      : fmt::format("interrupted; the best model so far (epoch {}) is in {}",
                                    result.best_epoch, path.string()));
      return;
    case models::train::TrainEnd::kDiverged: return;  // run_training() throws
  }
}

/// What the worst case of robust training is, for people.
std::string worst_name(const models::train::robust::RobustSettings& robust) {
  return robust.worst() == models::train::robust::Worst::kAdversary
             ? fmt::format("correct after {} steps of PGD", robust.steps)
             : std::string("certified by the training bounds");
}

template <class Net>
void print_test_accuracy(const Net& network, const models::train::StepSettings& step,
                         runs::DataOptions options, const runs::CommonOptions& common) {
  options.split = "test";
  options.samples = "all";
  const datasets::Dataset test = runs::load_data(options);
  std::vector<std::uint32_t> all(test.size());
  std::iota(all.begin(), all.end(), 0U);
  const models::train::Evaluation judged =
      models::train::evaluate(network, step.loss, test, all, common.workers());
  if (interrupted) return;  // then it is of a part of the samples only
  // A file with one set of samples has been learned from; nobody shall take this for a test.
  fmt::print("{} {}\n",
             test.one_set ? "accuracy on all samples of the data, those of training among them"
                          : "test accuracy",
             rate(judged.correct, judged.n));
  fmt::print("{}", confusion_text(test.labels, judged.predicted, test.class_names, screen()));
  if (step.robust.method == nullptr) return;
  models::train::robust::RobustSettings robust = step.robust;
  robust.clip = test.range;
  const models::train::Evaluation worst = models::train::robust::evaluate_robust(
      network, step.loss, robust, test, all, common.workers());
  if (interrupted) return;
  fmt::print("test at linf ε = {}, {}: {}\n", robust.epsilon, worst_name(robust),
             rate(worst.correct, worst.n));
}

/// One training from its options to its files.
struct TrainJob {
  const runs::TrainOptions& train;
  const runs::DataOptions& data;
  const runs::CommonOptions& common;
  const models::train::TrainSettings& settings;
  const std::filesystem::path& model_path;
  const std::filesystem::path& history_path;
};

/// `network`: a Network or a Graph, freshly initialised; `architecture`: how to say it.
template <class Net>
models::ModelFile train_and_write(Net network, const std::string& architecture,
                                  const datasets::Dataset& samples, const TrainJob& job) {
  const runs::CommonOptions& common = job.common;
  const models::train::TrainSettings& settings = job.settings;
  const std::filesystem::path& model_path = job.model_path;
  say(common, fmt::format("training {} ({} parameters) on {} {} ({} samples)", architecture,
                          network.parameter_count(), samples.name, samples.split, samples.size()));
  Progress progress("training", "images", common.quiet);
  const std::size_t epochs = settings.epochs;
  const models::train::robust::Worst worst = settings.step.robust.worst();
  const models::train::TrainListener listener{
      .on_progress =
          [&](const models::train::TrainProgress& p) {
            progress.update((p.epoch - 1) * p.samples_per_epoch + p.samples,
                            p.epochs * p.samples_per_epoch,
                            fmt::format("epoch {}  loss {:.4f}  accuracy {:.2f} %", p.epoch, p.loss,
                                        100.0 * p.accuracy));
          },
      .on_epoch =
          [&](const models::train::EpochRecord& r) {
            progress.pause();
            print_epoch(r, epochs, common);
          }};
  const models::train::TrainResult result = [&] {
    const Phase phase("training");
    return models::train::train(network, samples, settings, listener);
  }();
  progress.pause();
  runs::describe_training(network.metadata, job.train, common, samples, result);
  if (result.best_epoch != 0) {
    models::write_model(model_path, network);
    write_atomically(job.history_path, models::train::to_history_csv(result.history, worst));
    std::filesystem::path picture = job.history_path;
    write_atomically(
        picture.replace_extension(".svg"),
        reports::figure::to_history_svg(history_points(result.history), result.best_epoch,
                                        fmt::format("{} on {}", architecture, samples.name)));
  }
  explain_end(result, common, model_path);
  if (result.end == models::train::TrainEnd::kDiverged) {
    fail_usage(
        "training: the loss diverged (not finite) at epoch {}; the learning rate {} is too large "
        "for this network; try --lr {}, or another --init{}",
        result.history.size() + 1, settings.learning_rate, settings.learning_rate / 10.0,
        result.best_epoch == 0 ? std::string()
                               : fmt::format(" (the best model so far, epoch {}, is in {})",
                                             result.best_epoch, model_path.string()));
  }
  if (result.best_epoch == 0) return {};
  fmt::print("model {} ({}, {} parameters, epoch {} of {})\n", printable(model_path.string()),
             architecture, network.parameter_count(), result.best_epoch, result.history.size());
  fmt::print("learning curve {}\n",
             printable(std::filesystem::path(job.history_path).replace_extension(".svg").string()));
  if (!interrupted) print_test_accuracy(network, settings.step, job.data, common);
  return models::read_model(model_path);
}

}  // namespace

models::ModelFile run_training(const runs::TrainOptions& train, const runs::DataOptions& data,
                               const runs::CommonOptions& common,
                               const std::filesystem::path& model_path,
                               const std::filesystem::path& history_path) {
  runs::TrainPlan plan = runs::plan_training(train, common);
  const datasets::Dataset samples = runs::load_data(data);
  say_notes(common, samples.notes);
  const TrainJob job{.train = train,
                     .data = data,
                     .common = common,
                     .settings = plan.settings,
                     .model_path = model_path,
                     .history_path = history_path};
  if (models::train::names_graph(train.arch)) {
    return train_and_write(runs::start_graph(train, plan, samples),
                           models::train::full_architecture(train.arch, samples.class_names.size()),
                           samples, job);
  }
  const std::string architecture = plan.network.architecture();
  return train_and_write(std::move(plan.network), architecture, samples, job);
}

}  // namespace gibbon::eval::cli
