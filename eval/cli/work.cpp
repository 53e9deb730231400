#include "eval/cli/work.hpp"

#include <chrono>
#include <numeric>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/printable.hpp"
#include "eval/cli/autoattack_log.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/progress.hpp"
#include "eval/runs/examples.hpp"
#include "eval/runs/gallery.hpp"
#include "eval/runs/journal.hpp"
#include "eval/runs/provenance.hpp"
#include "eval/runs/reference.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/runs/stored_examples.hpp"
#include "eval/runs/training.hpp"
#include "eval/sweep/targets.hpp"
#include "models/train/robust/robust_evaluation.hpp"
#include "models/train/train.hpp"
#include "reports/table/table.hpp"

namespace gibbon::eval::cli {
namespace {

/// Stored examples instead of the data's; attacks and budgets only where they were asked for.
void plan_stored(runs::StoredExamples& stored, const std::string& file,
                 const runs::SweepOptions& options, sweep::SweepPlan& plan) {
  const runs::SweepOptions usual;
  if (options.attack == usual.attack) plan.attacks.clear();
  if (options.epsilons == usual.epsilons) plan.epsilons = {stored.epsilon};
  plan.norms = {stored.norm};
  runs::settle_examples(stored, plan.epsilons);
  plan.attacks.insert(plan.attacks.begin(), runs::stored_entry(stored, "stored:" + file));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

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

void explain_end(const models::train::TrainResult& result, const runs::CommonOptions& common,
                 const std::filesystem::path& path) {
  switch (result.end) {
    case models::train::TrainEnd::kFinished: return;
    case models::train::TrainEnd::kStoppedEarly:
      say(common, fmt::format("stopped early after epoch {}: epoch {} stayed the best",
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
             ? fmt::format("right after {} steps of PGD", robust.steps)
             : std::string("right by the bounds of training");
}

void print_test_accuracy(const models::Network& network, const models::train::StepSettings& step,
                         runs::DataOptions options, const runs::CommonOptions& common) {
  options.split = "test";
  options.samples = "all";
  const datasets::Dataset test = load_data(options);
  std::vector<std::uint32_t> all(test.size());
  std::iota(all.begin(), all.end(), 0U);
  const models::train::Evaluation judged =
      models::train::evaluate(network, step.loss, test, all, common.workers());
  if (interrupted) return;  // then it is of a part of the samples only
  fmt::print("test accuracy {}\n", rate(judged.correct, judged.n));
  if (step.robust.method == nullptr) return;
  models::train::robust::RobustSettings robust = step.robust;
  robust.clip = test.range;
  const models::train::Evaluation worst = models::train::robust::evaluate_robust(
      network, step.loss, robust, test, all, common.workers());
  if (interrupted) return;
  fmt::print("test at linf ε = {}, {}: {}\n", robust.epsilon, worst_name(robust),
             rate(worst.correct, worst.n));
}

}  // namespace

models::ModelFile run_training(const runs::TrainOptions& train, const runs::DataOptions& data,
                               const runs::CommonOptions& common,
                               const std::filesystem::path& model_path,
                               const std::filesystem::path& history_path) {
  runs::TrainPlan plan = runs::plan_training(train, common);
  const datasets::Dataset samples = load_data(data);
  say_notes(common, samples.notes);
  say(common,
      fmt::format("training {} ({} parameters) on {} {} ({} samples)", plan.network.architecture(),
                  plan.network.parameter_count(), samples.name, samples.split, samples.size()));
  Progress progress("training", "images", common.quiet);
  const std::size_t epochs = plan.settings.epochs;
  const models::train::robust::Worst worst = plan.settings.step.robust.worst();
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
  const models::train::TrainResult result =
      models::train::train(plan.network, samples, plan.settings, listener);
  progress.pause();
  runs::describe_training(plan.network, train, common, samples, result);
  if (result.best_epoch != 0) {
    models::write_model(model_path, plan.network);
    write_atomically(history_path, models::train::to_history_csv(result.history, worst));
  }
  explain_end(result, common, model_path);
  if (result.end == models::train::TrainEnd::kInterrupted) exit_code = interrupted_exit();
  if (result.end == models::train::TrainEnd::kDiverged) {
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
  runs::prepare_folder(folder, {"run.json"}, force || resume);
  return true;
}

std::string sweep_note(const sweep::SweepStatus& status) {
  if (status.done == 0) return std::string(status.entry);
  return fmt::format(
      "{}: {} of {} samples, {:.1f} % robust so far", status.entry, status.done, status.total,
      100.0 * static_cast<double>(status.standing) / static_cast<double>(status.done));
}

namespace {

/// What a whole sweep is followed by, and asks models again for.
struct Sequel {
  reports::record::Gallery gallery;
  nlohmann::ordered_json reference;
};

/// Empty after Ctrl-C, which leaves half of it.
std::optional<Sequel> make_sequel(const SweepJob& job, const datasets::Dataset& data,
                                  const sweep::SweepPlan& plan, const sweep::SweepResult& result) {
  Sequel sequel;
  try {
    sequel.gallery = runs::make_gallery(job.model.network, data, plan, result,
                                        {.per_class = job.options.gallery}, job.folder);
    if (job.from.empty()) {
      sequel.reference = reports::gate::to_json(
          {.gflops = runs::measure_reference_gflops(),
           .strength = runs::measure_strength(plan, job.model.network.num_classes())});
    }
  } catch (const Interrupted&) {
    remove_tree(job.folder / "gallery");
    return std::nullopt;
  }
  if (interrupted) return std::nullopt;
  return sequel;
}

void say_restored(const runs::CommonOptions& common, const runs::Journal& journal,
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
  const runs::SweepOptions& options = job.options;
  const runs::CommonOptions& common = job.common;
  const models::ModelFile& model = job.model;
  const std::filesystem::path& folder = job.folder;
  sweep::SweepPlan plan = plan_sweep(options, common);
  std::optional<runs::StoredExamples> stored;
  if (!job.from.empty()) {
    stored = runs::load_examples(job.from);
    plan_stored(*stored, job.from, options, plan);
  }
  datasets::Dataset data = fit_data(stored ? stored->data : load_data(job.data), model.network);
  sweep::require_runnable(plan, data);
  sweep::leave_out_targets(plan, data);
  say_notes(common, data.notes);
  load_training(job.data, model.network, plan);
  const bool logged = logs_autoattack(plan);
  plan.keep_examples = plan.keep_examples || logged;
  if (!options.save.empty()) runs::require_savable(options.save, data, plan);
  const sweep::PartLayout parts = sweep::part_layout(plan, data, model.network.num_classes());
  runs::Journal journal(folder / kJournal, runs::sweep_identity(model, data, plan), parts,
                        job.resume);
  say_restored(common, journal, folder / kJournal, parts.members.size() * parts.blocks());
  const auto start = std::chrono::steady_clock::now();
  Progress progress("sweep", "images", common.quiet);
  sweep::SweepResult result = sweep::sweep(
      model.network, data, plan,
      [&](const sweep::SweepStatus& s) {
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
  const reports::record::Gallery& gallery = sequel->gallery;
  if (!options.save.empty()) runs::save(options.save, data, plan, result);
  if (logged) fmt::print("{}", autoattack_log(result, plan, seconds));
  reports::record::Run run{
      .provenance = runs::sweep_provenance({.command = job.command,
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
    run.provenance["gallery"] = runs::gallery_counts(gallery);
  }
  runs::write_run(folder, run, gallery);
  if (!unfinished) journal.remove();
  fmt::print("{}",
             reports::table::to_table(run, stdout_is_terminal() ? reports::table::Colour::kAlways
                                                                : reports::table::Colour::kNever));
  say_notes(common, std::span(run.diagnosis).subspan(data.notes.size()));
  if (unfinished) {
    say(common, fmt::format("interrupted: the results are those of the first {} of {} samples",
                            result.finished, data.size()));
  }
  fmt::print("report {}\n", printable((folder / "report.html").string()));
  return unfinished ? interrupted_exit() : 0;
}

}  // namespace gibbon::eval::cli
