#include "eval/cli/work.hpp"

#include <chrono>
#include <numeric>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/parallel.hpp"
#include "eval/cli/progress.hpp"
#include "eval/gallery.hpp"
#include "eval/provenance.hpp"
#include "eval/run_folder.hpp"
#include "eval/training.hpp"
#include "reports/table.hpp"

namespace gibbon::eval::cli {
namespace {

constexpr int kInterruptedExit = 130;  // 128 + SIGINT, as shells have it

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// "94.81 % (9,481 of 10,000; 95 % interval 94.36–95.23 %)"
std::string rate(std::size_t correct, std::size_t n) {
  const auto interval = reports::wilson95(correct, n);
  return fmt::format("{:.2f} % ({} of {}; 95 % interval {:.2f}-{:.2f} %)",
                     100.0 * static_cast<double>(correct) / static_cast<double>(n), correct, n,
                     100.0 * interval.low, 100.0 * interval.high);
}

void print_epoch(const models::EpochRecord& r, std::size_t epochs, const CommonOptions& common) {
  std::string validation;
  if (r.validation_accuracy == r.validation_accuracy) {  // no NaN: there is a validation split
    validation = fmt::format("  validation loss {:.4f}  accuracy {:.2f} %", r.validation_loss,
                             100.0 * r.validation_accuracy);
  }
  say(common, fmt::format("epoch {}/{}  loss {:.4f}  accuracy {:.2f} %{}", r.epoch, epochs, r.loss,
                          100.0 * r.accuracy, validation));
}

void explain_end(const models::TrainResult& result, const CommonOptions& common,
                 const std::filesystem::path& path) {
  switch (result.end) {
    case models::TrainEnd::kFinished: return;
    case models::TrainEnd::kStoppedEarly:
      say(common, fmt::format("stopped early after epoch {}: epoch {} stayed the best",
                              result.history.size(), result.best_epoch));
      return;
    case models::TrainEnd::kInterrupted:
      say(common, result.best_epoch == 0
                      ? std::string("interrupted before a single step; no model was written")
                      : fmt::format("interrupted; the best model so far (epoch {}) is in {}",
                                    result.best_epoch, path.string()));
      return;
    case models::TrainEnd::kDiverged: return;  // run_training() throws
  }
}

void print_test_accuracy(const models::Network& network, const models::Loss& loss,
                         DataOptions options, const CommonOptions& common) {
  options.split = "test";
  options.samples = "all";
  const datasets::Dataset test = load_data(options);
  std::vector<std::uint32_t> all(test.size());
  std::iota(all.begin(), all.end(), 0U);
  const models::Evaluation judged = models::evaluate(network, loss, test, all, common.workers());
  fmt::print("test accuracy {}\n", rate(judged.correct, judged.n));
}

}  // namespace

models::ModelFile run_training(const TrainOptions& train, const DataOptions& data,
                               const CommonOptions& common, const std::filesystem::path& model_path,
                               const std::filesystem::path& history_path) {
  TrainPlan plan = plan_training(train, common);
  const datasets::Dataset samples = load_data(data);
  say(common,
      fmt::format("training {} ({} parameters) on {} {} ({} samples)", plan.network.architecture(),
                  plan.network.parameter_count(), samples.name, samples.split, samples.size()));
  Progress progress("training", "images", common.quiet);
  const std::size_t epochs = plan.settings.epochs;
  const models::TrainListener listener{
      .on_progress =
          [&](const models::TrainProgress& p) {
            progress.update((p.epoch - 1) * p.samples_per_epoch + p.samples,
                            p.epochs * p.samples_per_epoch,
                            fmt::format("epoch {}  loss {:.4f}  accuracy {:.2f} %", p.epoch, p.loss,
                                        100.0 * p.accuracy));
          },
      .on_epoch =
          [&](const models::EpochRecord& r) {
            progress.pause();
            print_epoch(r, epochs, common);
          }};
  const models::TrainResult result = models::train(plan.network, samples, plan.settings, listener);
  progress.pause();
  describe_training(plan.network, train, common, samples, result);
  if (result.best_epoch != 0) {
    models::write_model(model_path, plan.network);
    write_atomically(history_path, models::to_history_csv(result.history));
  }
  explain_end(result, common, model_path);
  if (result.end == models::TrainEnd::kDiverged) {
    fail_usage(
        "training: the loss is no finite number any more in epoch {}; a learning rate of {} is too "
        "large for this network; try --lr {}, or another --init{}",
        result.history.size() + 1, plan.settings.learning_rate, plan.settings.learning_rate / 10.0,
        result.best_epoch == 0 ? std::string()
                               : fmt::format(" (the best model so far, epoch {}, is in {})",
                                             result.best_epoch, model_path.string()));
  }
  if (result.best_epoch == 0) return {};
  fmt::print("model {} ({}, {} parameters, epoch {} of {})\n", model_path.string(),
             plan.network.architecture(), plan.network.parameter_count(), result.best_epoch,
             result.history.size());
  if (!interrupted) print_test_accuracy(plan.network, plan.settings.step.loss, data, common);
  return models::read_model(model_path);
}

int run_sweep(const models::ModelFile& model, const std::filesystem::path& model_path,
              const SweepOptions& options, const DataOptions& data_options,
              const CommonOptions& common, const std::filesystem::path& folder,
              const std::string& command) {
  const SweepPlan plan = plan_sweep(options, common);
  const datasets::Dataset data = load_data(data_options);
  const auto start = std::chrono::steady_clock::now();
  Progress progress("sweep", "images", common.quiet);
  SweepResult result = sweep(model.network, data, plan, [&](std::size_t done, std::size_t total) {
    progress.update(done, total);
  });
  progress.pause();
  const double seconds = seconds_since(start);
  if (result.finished == 0) {
    say(common, "interrupted before the first block of samples was finished; nothing was written");
    return kInterruptedExit;
  }
  const reports::Gallery gallery =
      make_gallery(model.network, data, plan, result, options.gallery, folder);
  reports::Run run{
      .provenance = sweep_provenance({.command = command,
                                      .model_path = model_path.string(),
                                      .model_sha256 = model.sha256,
                                      .seconds_sweep = seconds},
                                     model.network, data, data_options, options, common, result),
      .curve = std::move(result.curve),
      .samples = std::move(result.samples),
      .diagnosis = std::move(result.diagnosis)};
  if (!gallery.items.empty()) {
    const auto still =
        std::ranges::count_if(gallery.items, &reports::GalleryItem::still_adversarial);
    run.provenance["gallery"] = {{"images", gallery.items.size()},
                                 {"adversarial_as_8bit_png", still}};
  }
  write_run(folder, run, gallery);
  fmt::print("{}", reports::to_table(run, stdout_is_terminal() ? reports::Colour::kAlways
                                                               : reports::Colour::kNever));
  for (const std::string& sentence : run.diagnosis) say(common, "note: " + sentence);
  if (result.finished < data.size()) {
    say(common, fmt::format("interrupted: the results are those of the first {} of {} samples",
                            result.finished, data.size()));
  }
  fmt::print("report {}\n", (folder / "report.html").string());
  return result.finished < data.size() ? kInterruptedExit : 0;
}

}  // namespace gibbon::eval::cli
