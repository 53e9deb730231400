// SPDX-License-Identifier: MIT
#include "eval/cli/work.hpp"

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/printable.hpp"
#include "eval/cli/autoattack_log.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/progress.hpp"
#include "eval/runs/examples.hpp"
#include "eval/runs/execute.hpp"
#include "eval/runs/gallery.hpp"
#include "eval/runs/journal.hpp"
#include "eval/runs/provenance.hpp"
#include "eval/runs/reference.hpp"
#include "eval/runs/resume_file.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/runs/stored_examples.hpp"
#include "eval/sweep/targets.hpp"
#include "models/open_target.hpp"
#include "reports/table/table.hpp"

namespace gibbon::eval::cli {

bool prepare_sweep(const std::filesystem::path& folder, bool resume, bool force) {
  const bool unfinished = is_there(folder / kJournal);
  if (resume && !unfinished && is_there(folder / "run.json")) return false;
  if (unfinished && !resume && !force) {
    fail_usage(
        "{}: the folder contains an unfinished sweep ({}); continue with --resume, choose another "
        "--output, or start anew with --force",
        folder.string(), kJournal);
  }
  runs::prepare_folder(folder, {"run.json"}, force || resume);
  return true;
}

std::string sweep_note(const sweep::SweepStatus& status) {
  if (status.done == 0) return std::string(status.entry);
  return fmt::format(
      "{}: {} of {} samples, {:.1f} % right at the largest ε", status.entry, status.done,
      status.total,
      100.0 * static_cast<double>(status.standing) / static_cast<double>(status.done));
}

namespace {

/// What a whole sweep is followed by, and asks models again for.
struct Sequel {
  reports::record::Gallery gallery;
  nlohmann::ordered_json reference;
};

/// Empty after Ctrl-C, which leaves half of it.
std::optional<Sequel> make_sequel(const SweepJob& job, const models::Target& target,
                                  const datasets::Dataset& data, const sweep::SweepPlan& plan,
                                  const sweep::SweepResult& result) {
  Sequel sequel;
  try {
    sequel.gallery = runs::make_gallery(target, data, plan, result,
                                        {.per_class = job.fields.sweep.gallery}, job.folder);
    if (job.from.empty()) {
      sequel.reference =
          reports::gate::to_json({.gflops = runs::measure_reference_gflops(),
                                  .strength = runs::measure_strength(plan, target.num_classes())});
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
    say(common, fmt::format("resumed: {} of {} parts of the sweep were read from {}",
                            journal.restored(), parts, path.string()));
  }
  if (journal.dropped() > 0) {
    say(common,
        fmt::format("{}: its last {} bytes are missing or damaged; that part is computed again",
                    path.string(), journal.dropped()));
  }
}

/// One 'gibbon sweep' from its options to its folder.
class Sweeping {
 public:
  explicit Sweeping(const SweepJob& job)
      : job_(job),
        plan_{.sweep = plan_sweep(job.fields.sweep, job.fields.common),
              .fields = job.fields,
              .command = job.command,
              .model_path = job.model_path,
              .model_sha256 = job.model.sha256},
        target_(open()) {
    load();
  }

  int run() {
    const std::filesystem::path path = job_.folder / kJournal;
    const sweep::PartLayout parts = sweep::part_layout(plan_.sweep, data_, target_);
    runs::SweepFields settled = runs::settled(job_.fields, plan_.sweep);
    plan_.fields = settled;  // what nobody said is on record, too
    runs::Journal journal(path,
                          runs::sweep_identity(runs::model_identity(job_.model.sha256, target_),
                                               data_, plan_.sweep, settled.fields()),
                          parts, job_.resume);
    runs::write_resume(job_.folder, {job_.model_path.string(), job_.from, job_.fields});
    say_restored(common(), journal, path, parts.members.size() * parts.blocks());
    Progress progress("sweep", "images", common().quiet);
    reports::record::Run run =
        runs::execute(plan_, target_, data_, &journal,
                      {.progress = [&](const sweep::SweepStatus& s) { show(progress, s); },
                       .swept =
                           [&](const sweep::SweepResult& result, double seconds) {
                             if (job_.fields.sweep.gallery > 0) progress.then("drawing examples");
                             follow_up(progress, result, seconds);
                           }});
    if (finished_ == 0 || !sequel_) return interrupted_exit();
    progress.then("writing the report");
    write(run);
    progress.pause();
    if (whole()) {
      journal.remove();
      runs::remove_resume(job_.folder);
    }
    tell(run);
    return whole() ? 0 : interrupted_exit();
  }

 private:
  [[nodiscard]] const runs::CommonOptions& common() const { return job_.fields.common; }
  [[nodiscard]] bool whole() const { return finished_ == data_.size(); }

  /// Reads the samples, and the model that they are for.
  models::Target open() {
    if (!job_.from.empty()) {
      stored_ = runs::load_examples(job_.from);
      runs::plan_stored(*stored_, job_.from, job_.fields.sweep, plan_.sweep);
      data_ = stored_->data;
    } else {
      data_ = runs::load_data(job_.fields.data);
    }
    return models::open_target(job_.model, job_.fields.sweep.input_shape, data_.shape);
  }

  /// What plan and data have to know of each other.
  void load() {
    data_ = runs::fit_data(std::move(data_), target_, job_.fields.sweep.classes);
    runs::settle_budgets(plan_.sweep, data_.shape.size());
    sweep::resolve_targets(plan_.sweep, data_.class_names);
    sweep::require_runnable(plan_.sweep, data_);
    sweep::leave_out_targets(plan_.sweep, data_);
    say_notes(common(), target_.notes);
    say_notes(common(), data_.notes);
    runs::load_training(job_.fields.data, target_, plan_.sweep, job_.fields.sweep.classes);
    logged_ = logs_autoattack(plan_.sweep);
    plan_.sweep.keep_examples = plan_.sweep.keep_examples || logged_;
    const std::string& save = job_.fields.sweep.save;
    if (!save.empty()) runs::require_savable(save, data_, plan_.sweep);
  }

  void show(Progress& progress, const sweep::SweepStatus& status) const {
    if (logged_ && !status.attack.empty()) {
      progress.pause();
      say(common(), autoattack_line(status));
    }
    progress.share(status.share, sweep_note(status));
  }

  /// What needs the sweep's own result: pictures, examples, the log.
  void follow_up(Progress& progress, const sweep::SweepResult& result, double seconds) {
    finished_ = result.finished;
    sequel_ = whole() ? make_sequel(job_, target_, data_, plan_.sweep, result) : Sequel{};
    progress.pause();
    if (!whole() || !sequel_) {
      say(common(),
          fmt::format("interrupted: continue with the same command and --resume{}; {} "
                      "stores what is finished",
                      job_.command.starts_with("gibbon sweep")
                          ? ", or with gibbon sweep --resume -o " + shell_word(job_.folder.string())
                          : "",
                      (job_.folder / kJournal).string()));
    }
    if (finished_ == 0) {
      say(common(), "no block of samples has finished all attacks, so there are no results yet");
      return;
    }
    if (!sequel_) return;
    const std::string& save = job_.fields.sweep.save;
    if (!save.empty()) runs::save(save, data_, plan_.sweep, result);
    if (logged_) fmt::print("{}", autoattack_log(result, plan_.sweep, seconds));
  }

  void write(reports::record::Run& run) const {
    if (!sequel_->reference.is_null()) run.provenance["reference"] = sequel_->reference;
    if (!sequel_->gallery.items.empty()) {
      run.provenance["gallery"] = runs::gallery_counts(sequel_->gallery);
    }
    runs::write_run(job_.folder, run, sequel_->gallery);
  }

  void tell(const reports::record::Run& run) const {
    fmt::print("{}", reports::table::to_table(run, screen()));
    tell_targets(run);
    say_notes(common(), std::span(run.diagnosis).subspan(data_.notes.size()));
    if (!whole()) {
      say(common(), fmt::format("interrupted: the results are those of the first {} of {} samples",
                                finished_, data_.size()));
    }
    fmt::print("report {}\n", printable((job_.folder / "report.html").string()));
  }

  /// What broke a sample is not always what was aimed at.
  static void tell_targets(const reports::record::Run& run) {
    for (std::size_t row = 0; row < run.curve.size(); ++row) {
      const reports::record::CurvePoint& point = run.curve[row];
      const bool last = row + 1 == run.curve.size() || run.curve[row + 1].epsilon <= point.epsilon;
      if (point.targeted_n == 0 || !last) continue;
      const auto changed = std::ranges::count_if(run.records(row), [](const auto& r) {
        return r.target >= 0 && r.target != r.label && r.fooled != 0;
      });
      fmt::print("{}, {}, ε = {:g}: label changed in {} of {}, target reached in {}\n",
                 printable(point.attack), point.norm, point.epsilon, changed, point.targeted_n,
                 point.target_reached);
    }
  }

  const SweepJob& job_;
  runs::RunPlan plan_;
  std::optional<runs::StoredExamples> stored_;  // what the plan's entry hands over
  datasets::Dataset data_;
  models::Target target_;
  bool logged_ = false;
  std::size_t finished_ = 0;      // samples the sweep is through with
  std::optional<Sequel> sequel_;  // none after Ctrl-C in the middle of it
};

}  // namespace

int run_sweep(const SweepJob& job) { return Sweeping(job).run(); }

}  // namespace gibbon::eval::cli
