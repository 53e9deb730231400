#include "eval/cli/work.hpp"

#include <chrono>
#include <numeric>

#include "base/printable.hpp"
#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/parallel.hpp"
#include "eval/cli/autoattack_log.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/progress.hpp"
#include "eval/examples.hpp"
#include "eval/gallery.hpp"
#include "eval/journal.hpp"
#include "eval/provenance.hpp"
#include "eval/reference.hpp"
#include "eval/run_folder.hpp"
#include "eval/stored_examples.hpp"
#include "eval/targets.hpp"
#include "eval/training.hpp"
#include "models/train/robust/robust_evaluation.hpp"
#include "models/train/train.hpp"
#include "reports/table.hpp"

namespace gibbon::eval::cli {
namespace {

/// Stored examples instead of the data's; attacks and budgets only where they were asked for.
void plan_stored(StoredExamples& stored, const std::string& file, const SweepOptions& options,
                 SweepPlan& plan) {
  const SweepOptions usual;
  if (options.attack == usual.attack) plan.attacks.clear();
  if (options.epsilons == usual.epsilons) plan.epsilons = {stored.epsilon};
  plan.norms = {stored.norm};
  settle_examples(stored, plan.epsilons);
  plan.attacks.insert(plan.attacks.begin(), stored_entry(stored, "stored:" + file));
}

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
  if (r.validation_standing == r.validation_standing) {
    validation += fmt::format("  worst case {:.2f} %", 100.0 * r.validation_standing);
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

/// What the worst case of robust training is, for people.
std::string worst_name(const models::RobustSettings& robust) {
  return robust.worst() == models::Worst::kAdversary
             ? fmt::format("right after {} steps of PGD", robust.steps)
             : std::string("right by the bounds of training");
}

void print_test_accuracy(const models::Network& network, const models::StepSettings& step,
                         DataOptions options, const CommonOptions& common) {
  options.split = "test";
  options.samples = "all";
  const datasets::Dataset test = load_data(options);
  std::vector<std::uint32_t> all(test.size());
  std::iota(all.begin(), all.end(), 0U);
  const models::Evaluation judged =
      models::evaluate(network, step.loss, test, all, common.workers());
  if (interrupted) return;  // then it is of a part of the samples only
  fmt::print("test accuracy {}\n", rate(judged.correct, judged.n));
  if (step.robust.method == nullptr) return;
  models::RobustSettings robust = step.robust;
  robust.clip = test.range;
  const models::Evaluation worst =
      models::evaluate_robust(network, step.loss, robust, test, all, common.workers());
  if (interrupted) return;
  fmt::print("test at linf ε = {}, {}: {}\n", robust.epsilon, worst_name(robust),
             rate(worst.correct, worst.n));
}

}  // namespace

models::ModelFile run_training(const TrainOptions& train, const DataOptions& data,
                               const CommonOptions& common, const std::filesystem::path& model_path,
                               const std::filesystem::path& history_path) {
  TrainPlan plan = plan_training(train, common);
  const datasets::Dataset samples = load_data(data);
  say_notes(common, samples.notes);
  say(common,
      fmt::format("training {} ({} parameters) on {} {} ({} samples)", plan.network.architecture(),
                  plan.network.parameter_count(), samples.name, samples.split, samples.size()));
  Progress progress("training", "images", common.quiet);
  const std::size_t epochs = plan.settings.epochs;
  const models::Worst worst = plan.settings.step.robust.worst();
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
    write_atomically(history_path, models::to_history_csv(result.history, worst));
  }
  explain_end(result, common, model_path);
  if (result.end == models::TrainEnd::kInterrupted) exit_code = interrupted_exit();
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
  fmt::print("model {} ({}, {} parameters, epoch {} of {})\n", printable(model_path.string()),
             plan.network.architecture(), plan.network.parameter_count(), result.best_epoch,
             result.history.size());
  if (!interrupted) print_test_accuracy(plan.network, plan.settings.step, data, common);
  if (interrupted) exit_code = interrupted_exit();
  return models::read_model(model_path);
}

bool prepare_sweep(const std::filesystem::path& folder, bool resume, bool force) {
  const bool unfinished = is_there(folder / kJournal);
  if (resume && !unfinished && is_there(folder / "run.json")) return false;
  if (unfinished && !resume && !force) {
    fail_usage(
        "{}: it holds an unfinished sweep ({}); go on with --resume, choose another --output, or "
        "start anew with --force",
        folder.string(), kJournal);
  }
  prepare_folder(folder, {"run.json"}, force || resume);
  return true;
}

std::string sweep_note(const SweepStatus& status) {
  if (status.done == 0) return std::string(status.entry);
  return fmt::format(
      "{}: {} of {} samples, {:.1f} % robust so far", status.entry, status.done, status.total,
      100.0 * static_cast<double>(status.standing) / static_cast<double>(status.done));
}

namespace {

/// What a whole sweep is followed by, and asks models again for.
struct Sequel {
  reports::Gallery gallery;
  nlohmann::ordered_json reference;
};

/// Empty after Ctrl-C, which leaves half of it.
std::optional<Sequel> make_sequel(const SweepJob& job, const datasets::Dataset& data,
                                  const SweepPlan& plan, const SweepResult& result) {
  Sequel sequel;
  try {
    sequel.gallery = make_gallery(job.model.network, data, plan, result,
                                  {.per_class = job.options.gallery}, job.folder);
    if (job.from.empty()) {
      sequel.reference = reports::gate::to_json(
          {.gflops = measure_reference_gflops(),
           .strength = measure_strength(plan, job.model.network.num_classes())});
    }
  } catch (const Interrupted&) {
    remove_tree(job.folder / "gallery");
    return std::nullopt;
  }
  if (interrupted) return std::nullopt;
  return sequel;
}

void say_restored(const CommonOptions& common, const Journal& journal,
                  const std::filesystem::path& path, std::size_t parts) {
  if (journal.restored() > 0 || journal.dropped() > 0) {
    say(common, fmt::format("resumed: {} of {} parts of the sweep are taken from {}",
                            journal.restored(), parts, path.string()));
  }
  if (journal.dropped() > 0) {
    say(common,
        fmt::format("{}: its last {} bytes were cut off or damaged; what stood there is done again",
                    path.string(), journal.dropped()));
  }
}

}  // namespace

int run_sweep(const SweepJob& job) {
  const SweepOptions& options = job.options;
  const CommonOptions& common = job.common;
  const models::ModelFile& model = job.model;
  const std::filesystem::path& folder = job.folder;
  SweepPlan plan = plan_sweep(options, common);
  std::optional<StoredExamples> stored;
  if (!job.from.empty()) {
    stored = load_examples(job.from);
    plan_stored(*stored, job.from, options, plan);
  }
  datasets::Dataset data = fit_data(stored ? stored->data : load_data(job.data), model.network);
  require_runnable(plan, data);
  leave_out_targets(plan, data);
  say_notes(common, data.notes);
  load_training(job.data, model.network, plan);
  const bool logged = logs_autoattack(plan);
  plan.keep_examples = plan.keep_examples || logged;
  if (!options.save.empty()) require_savable(options.save, data, plan);
  const JournalPlan parts = journal_plan(plan, data, model.network.num_classes());
  Journal journal(folder / kJournal, sweep_identity(model, data, plan), parts, job.resume);
  say_restored(common, journal, folder / kJournal, parts.members.size() * parts.blocks());
  const auto start = std::chrono::steady_clock::now();
  Progress progress("sweep", "images", common.quiet);
  SweepResult result = sweep(
      model.network, data, plan,
      [&](const SweepStatus& s) {
        if (logged && !s.attack.empty()) {
          progress.pause();
          say(common, autoattack_line(s));
        }
        progress.share(s.share, sweep_note(s));
      },
      &journal);
  progress.pause();
  const double seconds = seconds_since(start);
  const bool unfinished = result.finished < data.size();
  const std::optional<Sequel> sequel = unfinished ? Sequel{} : make_sequel(job, data, plan, result);
  if (unfinished || !sequel) {
    say(common, fmt::format("interrupted: go on with the same command and --resume; {} keeps what "
                            "is finished",
                            (folder / kJournal).string()));
  }
  if (result.finished == 0) {
    say(common, "no block of samples went through all attacks yet, so there is no result");
    return interrupted_exit();
  }
  if (!sequel) return interrupted_exit();
  const reports::Gallery& gallery = sequel->gallery;
  if (!options.save.empty()) save(options.save, data, plan, result);
  if (logged) fmt::print("{}", autoattack_log(result, plan, seconds));
  reports::Run run{
      .provenance = sweep_provenance({.command = job.command,
                                      .model_path = job.model_path.string(),
                                      .model_sha256 = model.sha256,
                                      .seconds_sweep = seconds},
                                     model.network, data, job.data, options, common, result),
      .curve = std::move(result.curve),
      .samples = std::move(result.samples),
      .distances = std::move(result.distances),
      .diagnosis = std::move(result.diagnosis)};
  if (!sequel->reference.is_null()) run.provenance["reference"] = sequel->reference;
  run.diagnosis.insert(run.diagnosis.begin(), data.notes.begin(), data.notes.end());
  if (!gallery.items.empty()) {
    run.provenance["gallery"] = gallery_counts(gallery);
  }
  write_run(folder, run, gallery);
  if (!unfinished) journal.remove();
  fmt::print("{}", reports::to_table(run, stdout_is_terminal() ? reports::Colour::kAlways
                                                               : reports::Colour::kNever));
  say_notes(common, std::span(run.diagnosis).subspan(data.notes.size()));
  if (unfinished) {
    say(common, fmt::format("interrupted: the results are those of the first {} of {} samples",
                            result.finished, data.size()));
  }
  fmt::print("report {}\n", printable((folder / "report.html").string()));
  return unfinished ? interrupted_exit() : 0;
}

}  // namespace gibbon::eval::cli
