// SPDX-License-Identifier: MIT
#include "eval/runs/gallery.hpp"

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/progress.hpp"
#include "eval/cli/work.hpp"
#include "eval/lab/photo.hpp"
#include "eval/runs/class_names.hpp"
#include "eval/runs/examples.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/runs/stored_run.hpp"
#include "eval/sweep/attack_spec.hpp"
#include "eval/sweep/targets.hpp"
#include "models/open_target.hpp"
#include "reports/gallery/likeliest.hpp"
#include "reports/record/subject.hpp"

namespace gibbon::eval::cli {
namespace {

/// Where the pictured samples come from decides which options make sense.
const std::vector<std::string> kOfRun{"attack",   "norm",   "gallery", "class",   "order", "model",
                                      "data-dir", "output", "quiet",   "threads", "force"};
const std::vector<std::string> kOfImage{
    "image",  "label",       "invert",      "prepare",    "model",         "data",    "data-dir",
    "attack", "norm",        "epsilons",    "exhaustive", "max-queries",   "batch",   "crosscheck",
    "seed",   "output",      "quiet",       "threads",    "force",         "classes", "mean",
    "std",    "input-range", "input-shape", "mask",       "epsilon-scale", "lattice", "background"};

/// A gallery and what is said about it at the end.
void report(const reports::record::Gallery& gallery, const std::filesystem::path& folder) {
  using Item = reports::record::GalleryItem;
  const std::vector<Item>& items = gallery.items;
  const auto still = std::ranges::count_if(items, &Item::still_adversarial);
  fmt::print("{} images, {} of them adversarial as 8-bit PNG\n", items.size(), still);
  const auto aimed = std::ranges::count_if(items, [](const Item& i) { return i.target >= 0; });
  if (aimed > 0) {
    const bool full = items.front().attack.find("full=1") != std::string::npos;
    const auto reached = std::ranges::count_if(items, [](const Item& i) {
      return i.target >= 0 && i.still_adversarial && i.found_label == i.target;
    });
    fmt::print("target reached in {} of {} as 8-bit PNG{}\n", reached, aimed,
               reached < aimed && !full
                   ? "; pgd ends with its first success: full=1 takes all steps"
                   : "");
  }
  fmt::print("gallery {}\n", printable((folder / "gallery").string()));
}

class GalleryCommand {
 public:
  explicit GalleryCommand(Parser root)
      : app_(root.command(
            "gallery",
            "Make images: clean | perturbation | adversarial, each read back from disk "
            "and judged; for a run, for a model and data, or for one image")) {
    app_.option("RUN", run_, "folder of a finished run whose samples to show");
    app_.option("-m,--model", model_,
                "FILE.onnx or FILE.onnx.gz, or FILE.pt (TorchScript); with RUN: its current path");
    app_.options(input_.options(), "Model input");
    app_.option("--image", image_, "one image of your own, in any format that OpenCV reads");
    app_.option("--label", label_,
                "its true class, by name or number; default: the prediction of the model")
        .needs("--image");
    app_.flag("--invert", invert_, "invert the image: MNIST networks expect white on black")
        .needs("--image");
    app_.option("--prepare", prepare_,
                "how the image is brought to the model's size: digit (as MNIST's digits were made: "
                "light on dark, contrast, 20 pixels, centre of mass), fit (its middle, scaled), or "
                "auto: digit for networks of digits, unless --invert is given")
        .needs("--image")
        .shows_default();
    app_.options(sweep_.options(), "Attack");
    app_.options(data_.options(), "Data");
    app_.options(common_.options(), "Running");
    app_.option("--class", classes_, "only this class, by name or number; repeatable").one_each();
    app_.option("--order", order_,
                "order of samples: typical, fragile (smallest distance first), confident (in the "
                "wrong class), id")
        .shows_default();
    app_.option("-o,--output", output_,
                "folder; images go to its gallery/; default: RUN, or runs/gallery");
  }

  [[nodiscard]] Parser parser() const { return app_; }

  int run() {
    if (!run_.empty()) return of_run();
    if (output_.empty()) {
      constexpr const char* kStandard = "runs/gallery";
      output_ = common_.force ? kStandard : fresh_folder(kStandard, {"gallery.json"});
    }
    const models::ModelFile file = load_model(model_, input_);
    if (!image_.empty()) {
      allow(kOfImage, "--image");
      for (std::string& attack : sweep_.attack) attack = sweep::with_all_steps(attack);
    }
    sweep::SweepPlan plan = plan_sweep(sweep_, common_);
    datasets::Dataset samples = image_.empty() ? runs::load_data(data_) : datasets::Dataset{};
    const models::Target target = models::open_target(
        file, sweep_.input_shape, image_.empty() ? std::optional(samples.shape) : std::nullopt);
    say_notes(common_, target.notes);
    std::vector<std::string> notes;
    const datasets::ClassNames names = runs::class_names(sweep_.classes, target, notes);
    if (!image_.empty()) samples = read_photo(target, names);
    samples.notes.insert(samples.notes.begin(), notes.begin(), notes.end());
    return of_samples(target, plan, runs::fit_data(std::move(samples), target, names));
  }

 private:
  /// --image as a sample.
  [[nodiscard]] datasets::Dataset read_photo(const models::Target& target,
                                             const datasets::ClassNames& names) {
    lab::PhotoOptions options{.class_names = names.names,
                              .tones = invert_ ? lab::Tones::kInverted : lab::Tones::kAsTheyAre,
                              .preparation = lab::find_preparation(prepare_),
                              .background = datasets::parse_background(data_.background)};
    if (given("--label")) options.label = label_;
    if (given("--data") && names.names.empty())
      options.class_names = runs::load_data(data_).class_names;
    lab::Photo photo = lab::read_photo(image_, target, options);
    say(common_, photo.told);
    if (!photo.steps.empty()) preparation_ = lab::draw_steps(photo);
    return std::move(photo.data);
  }

  [[nodiscard]] bool given(const std::string& option) const { return app_.given(option); }

  /// Options that nobody would read are errors.
  void allow(const std::vector<std::string>& names, const std::string& with) const {
    for (const std::string& name : app_.given()) {
      if (std::ranges::count(names, name) > 0) continue;
      fail_usage("--{}: not allowed with {}; allowed are --{}", name, with,
                 fmt::join(names, ", --"));
    }
  }

  [[nodiscard]] runs::GalleryChoice choice(const datasets::Dataset& data) const {
    runs::GalleryChoice choice{.per_class = std::max<std::uint64_t>(1, sweep_.gallery),
                               .order = runs::parse_order(order_)};
    for (const std::string& name : classes_)
      choice.classes.push_back(datasets::find_class("--class", name, data.class_names));
    return choice;
  }

  /// False after Ctrl-C.
  static bool complete(const reports::record::Gallery& gallery) {
    if (interrupted) {
      fmt::print("interrupted: no gallery was written\n");
      return false;
    }
    if (!gallery.items.empty()) return true;
    fail_usage(
        "gallery: no sample is correct when clean and can be attacked; choose more --samples, or "
        "an attack other than noise");
  }

  int of_samples(const models::Target& target, sweep::SweepPlan& plan, datasets::Dataset samples) {
    runs::settle_budgets(plan, samples.shape.size());
    sweep::resolve_targets(plan, samples.class_names);
    sweep::require_runnable(plan, samples);
    sweep::leave_out_targets(plan, samples);
    say_notes(common_, samples.notes);
    if (!samples.shape.image) {
      fail_usage("gallery: {} holds points, not images; choose image data such as mnist or digits",
                 samples.name);
    }
    runs::GalleryChoice chosen = choice(samples);
    chosen.labels_are_answers = !image_.empty() && label_.empty();
    runs::load_training(data_, target, plan, sweep_.classes);
    if (!sweep_.save.empty()) runs::require_savable(sweep_.save, samples, plan);
    const runs::RunLock lock = lock_new_folder(output_, common_);
    runs::prepare_folder(output_, {"gallery.json"}, common_.force);
    runs::StagedGallery staged(output_);
    Progress progress("gallery", "images", common_.quiet);
    const sweep::SweepResult result =
        sweep::sweep(target, samples, plan,
                     [&](const sweep::SweepStatus& s) { progress.share(s.share, sweep_note(s)); });
    progress.pause();
    if (result.finished < samples.size()) throw Interrupted();
    const reports::record::Gallery gallery =
        runs::make_gallery(target, samples, plan, result, chosen, staged.path());
    if (!complete(gallery)) return interrupted_exit();
    runs::write_gallery(staged.path(), gallery, reports::gallery::Drawn::kEveryAttack);
    staged.publish();
    if (!preparation_.empty()) {
      const std::filesystem::path sheet = std::filesystem::path(output_) / "preparation.png";
      write_atomically(sheet, preparation_);
      fmt::print("preparation {}\n", printable(sheet.string()));
    }
    if (!sweep_.save.empty()) runs::save(sweep_.save, samples, plan, result);
    if (!image_.empty()) fmt::print("{}", reports::gallery::likeliest_text(gallery));
    report(gallery, output_);
    return 0;
  }

  /// The model of the run, wherever it is now.
  [[nodiscard]] models::Target target_of(const runs::StoredPlan& stored,
                                         const datasets::Shape& shape) const {
    const std::string path = model_.empty() ? stored.model_path : model_;
    if (!is_there(path)) {
      fail_input("{}: the model {} of the run no longer exists; give its path with --model FILE",
                 run_, path);
    }
    const models::ModelFile file = load_model(path, stored.input);
    if (file.sha256 != stored.model_sha256) {
      fail_input(
          "{}: {} is not the model of the run (SHA-256 {}…, expected {}…); give the right file "
          "with --model FILE",
          run_, path, file.sha256.substr(0, 12), stored.model_sha256.substr(0, 12));
    }
    return models::open_target(file, stored.sweep.input_shape, shape);
  }

  /// Only what the run's curve has.
  void restrict_to(const sweep::SweepResult& result, runs::GalleryChoice& choice) const {
    std::vector<std::string> known;
    for (const sweep::Pair& pair : result.pairs) known.push_back(pair.entry->text);
    if (given("--attack")) choice.attacks = sweep_.attack;
    for (const std::string& attack : choice.attacks) {
      if (std::ranges::count(known, attack) == 0) {
        fail_usage("--attack: {}", unknown_name("attack of the run", attack, known));
      }
    }
    if (!given("--norm")) return;
    for (const std::string& norm : sweep_.norm) choice.norms.push_back(attacks::find_norm(norm));
  }

  /// The data of a run. What --classes said then stands in run.json.
  static datasets::Dataset named_as(const reports::record::Run& run, const runs::StoredPlan& stored,
                                    const models::Target& target, datasets::Dataset data) {
    if (stored.sweep.classes.empty()) return runs::fit_data(std::move(data), target);
    const datasets::ClassNames names{.names = reports::record::subject_of(run).class_names,
                                     .source = "run.json"};
    if (names.names.size() != target.num_classes()) {
      fail_input("run.json: names {} classes, but {} has {}; sweep again", names.names.size(),
                 target.architecture, target.num_classes());
    }
    return runs::fit_data(std::move(data), target, names);
  }

  int of_run() {
    allow(kOfRun, "RUN");
    const bool in_place = output_.empty();
    const std::filesystem::path folder = in_place ? run_ : output_;
    const runs::RunLock lock =
        in_place ? lock_folder(folder, common_) : lock_new_folder(folder, common_);
    reports::record::Run run = runs::read_run_folder(run_);
    runs::StoredPlan stored = runs::stored_plan(run);
    if (given("--data-dir")) stored.data.data_dir = data_.data_dir;
    stored.common.threads = common_.threads;
    datasets::Dataset samples = runs::load_data(stored.data);
    const models::Target target = target_of(stored, samples.shape);
    sweep::SweepPlan plan = plan_sweep(stored.sweep, stored.common);
    datasets::Dataset data = named_as(run, stored, target, std::move(samples));
    sweep::resolve_targets(plan, data.class_names);
    sweep::leave_out_targets(plan, data);
    if (!data.shape.image) {
      fail_usage("{}: its data are points, not images; choose a run on images such as mnist", run_);
    }
    const sweep::SweepResult result = runs::stored_result(run, stored, plan, data);
    runs::GalleryChoice chosen = choice(data);
    restrict_to(result, chosen);
    runs::load_training(stored.data, target, plan);
    runs::prepare_folder(folder, {"gallery.json"}, common_.force || in_place);
    runs::StagedGallery staged(folder);
    sweep::fit_attacks(*target.fast, plan, sweep::fit_limits(plan.limits, data));
    const reports::record::Gallery gallery =
        runs::make_gallery(target, data, plan, result, chosen, staged.path());
    if (!complete(gallery)) return interrupted_exit();
    runs::write_gallery(staged.path(), gallery, reports::gallery::Drawn::kEveryAttack);
    const bool half_drawn = in_place && runs::is_half_drawn(folder);
    if (in_place) runs::begin_drawing(folder);
    staged.publish();
    if (in_place) {
      run.provenance["gallery"] = runs::gallery_counts(gallery);
      if (half_drawn) {
        runs::draw_run(folder, run, gallery);
      } else {
        runs::write_page(folder, run, gallery);
      }
    }
    report(gallery, folder);
    return 0;
  }

  Parser app_;
  std::string run_;
  std::string model_;
  std::string image_;
  std::string label_;
  bool invert_ = false;
  std::string prepare_ = "auto";
  std::string preparation_;  // a picture of its steps
  runs::InputOptions input_;
  runs::SweepOptions sweep_{.attack = {"fgsm"}};
  runs::DataOptions data_;
  runs::CommonOptions common_;
  std::vector<std::string> classes_;
  std::string order_ = "typical";
  std::string output_;
};

}  // namespace

void add_gallery(Parser root) {
  const auto command = std::make_shared<GalleryCommand>(root);
  command->parser().run([command] { return command->run(); });
}

}  // namespace gibbon::eval::cli
