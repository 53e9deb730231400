// SPDX-License-Identifier: MIT
#include "eval/runs/plan.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "eval/runs/class_names.hpp"
#include "eval/runs/limit_files.hpp"
#include "eval/sweep/epsilons.hpp"
#include "models/target.hpp"

namespace gibbon::eval::runs {

datasets::Request request_of(const DataOptions& options) {
  return {.split = options.split,
          .data_dir = options.data_dir,
          .layout = datasets::parse_layout(options.layout),
          .range = datasets::parse_range(options.data_range),
          .background = datasets::parse_background(options.background)};
}

datasets::Dataset load_data(const DataOptions& options) {
  if (options.split != "train" && options.split != "test") {
    fail_usage("--split {}: no such split; allowed are train and test", options.split);
  }
  return datasets::select(datasets::load(options.data, request_of(options)), options.samples);
}

namespace {

/// Tables and figures tell attacks apart by what they are called.
void require_different_labels(const std::vector<sweep::Entry>& entries) {
  for (const sweep::Entry& entry : entries) {
    const auto called_so = std::ranges::count_if(entries, [&](const sweep::Entry& other) {
      return other.label == entry.label || other.text == entry.label;
    });
    if (entry.label == "clean" || entry.label == "worst-case" || entry.label == "all attacks") {
      fail_usage("--attack {}: '{}' is what a row of every report is called; choose another label",
                 entry.text, entry.label);
    }
    if (entry.label.empty() || called_so == 1) continue;
    fail_usage("--attack {}: another attack is called '{}', too; choose another label", entry.text,
               entry.label);
  }
}

/// Grey pictures of a folder three times over, for a model of colour ones: whether their files
/// store grey as colour is a matter of the program that wrote them.
void show_in_colour(datasets::Dataset& data, const models::Target& target) {
  const std::size_t size = data.shape.size();
  if (data.naming != datasets::Naming::kFolders || data.shape.channels != 1 ||
      target.input_dim() != 3 * size || (target.shape && target.shape->channels != 3))
    return;
  Tensor colour(data.size(), 3 * size);
  const auto grey = std::as_const(data.images).flat();
  for (std::size_t k = 0; k < grey.size(); ++k)
    std::fill_n(colour.flat().begin() + static_cast<std::ptrdiff_t>(3 * k), 3, grey[k]);
  data.images = std::move(colour);
  data.shape.channels = 3;
  data.notes.push_back(
      fmt::format("{}: the model takes colour: red, green and blue are the grey of the pictures, "
                  "and attacks may "
                  "change each of them.",
                  data.name));
}

/// What is done to data before they have to fit.
void prepare(datasets::Dataset& data, const models::Target& target) {
  show_in_colour(data, target);
  datasets::count_from_zero(data, target.num_classes());
}

}  // namespace

datasets::Dataset fit_data(datasets::Dataset data, const models::Target& target,
                           const std::filesystem::path& classes) {
  prepare(data, target);
  models::require_fit(target, data);
  const datasets::ClassNames names = class_names(classes, target, data.notes);
  return fit_data(std::move(data), target, names);
}

datasets::Dataset fit_data(datasets::Dataset data, const models::Target& target,
                           const datasets::ClassNames& names) {
  prepare(data, target);
  models::require_fit(target, data);
  if (names.names.empty()) {
    datasets::take_classes(data, target.num_classes());
  } else {
    datasets::name_classes(data, names);
  }
  return data;
}

namespace {

/// linf, or where an attack has no such thing, the first norm that all of them have.
attacks::Norm norm_of(const std::vector<sweep::Entry>& attacks, const Note& warn) {
  const auto fits = [&](attacks::Norm norm) {
    return std::ranges::all_of(attacks, [&](const auto& entry) { return entry.supports(norm); });
  };
  const auto* const norm = std::ranges::find_if(attacks::kNorms, fits);
  if (norm == attacks::kNorms.begin()) return attacks::Norm::kLinf;
  if (norm == attacks::kNorms.end()) {
    fail_usage(
        "--attack: no norm is supported by all of these attacks; give --norm, or sweep them one "
        "by one");
  }
  warn(fmt::format("note: norm {}, the first that all these attacks support", to_string(*norm)));
  return *norm;
}

/// A worst case over attacks of which some do not know the norm is one over fewer.
void warn_of_missing(const sweep::Entry& entry, attacks::Norm norm, const Note& warn) {
  if (!entry.ensemble || !entry.version.empty() || !entry.supports(norm)) return;
  std::set<std::string> missing;
  for (const auto& members : entry.members)
    for (const sweep::AttackSpec& spec : members) missing.insert(spec.text);
  for (const sweep::AttackSpec& spec : entry.in(norm)) missing.erase(spec.text);
  if (missing.empty()) return;
  warn(fmt::format("note: {} in {}: without {}, which does not know this norm", entry.text,
                   to_string(norm), fmt::join(missing, ", ")));
}

/// Budgets are what the norms take, and no pixels of 0 … 255.
void require_budgets(const sweep::SweepPlan& plan, const std::string& text, const Note& warn) {
  for (const attacks::Norm norm : plan.norms) {
    if (!info_of(norm).counts) continue;
    for (const double epsilon : plan.epsilons) {
      if (epsilon == std::floor(epsilon)) continue;
      fail_usage("--epsilons {}: ε = {} is not a whole number; in {} the budget is a number of {}",
                 text, epsilon, to_string(norm), info_of(norm).unit);
    }
  }
  for (const attacks::Norm norm : plan.norms) {
    if (!info_of(norm).each_value || plan.epsilons.back() <= 1.0) continue;
    std::vector<std::string> meant;
    for (const double epsilon : plan.epsilons) {
      meant.push_back(epsilon > 1.0 ? fmt::format("{:g}/255", epsilon)
                                    : fmt::format("{:g}", epsilon));
    }
    constexpr std::size_t kShown = 8;
    const bool longer = meant.size() > kShown;
    if (longer) meant.resize(kShown);
    warn(fmt::format(
        "warning: --epsilons {}: ε = {:g} exceeds the whole range [0, 1] of a pixel, so every "
        "image is allowed; did you mean {}{}?",
        text, plan.epsilons.back(), fmt::join(meant, ","), longer ? ",…" : ""));
  }
}

}  // namespace

sweep::SweepPlan plan_sweep(const SweepOptions& options, const CommonOptions& common,
                            const Note& warn) {
  constexpr std::uint64_t kLargestBatch = 1U << 16U;
  sweep::SweepPlan plan{.seed = common.seed,
                        .max_queries = options.max_queries,
                        .exhaustive = options.exhaustive,
                        .threads = common.workers(),
                        .batch = options.batch,
                        .crosscheck = options.crosscheck,
                        .keep_examples = !options.save.empty(),
                        .limits = read_limits(options.limits)};
  if (options.batch < 1 || options.batch > kLargestBatch) {
    fail_usage("--batch {}: outside [1, {}]", options.batch, kLargestBatch);
  }
  for (const std::string& attack : options.attack)
    plan.attacks.push_back(sweep::parse_entry(attack));
  require_different_labels(plan.attacks);
  for (const std::string& norm : options.norm) plan.norms.push_back(attacks::find_norm(norm));
  if (plan.norms.empty()) plan.norms = {norm_of(plan.attacks, warn)};
  for (const sweep::Entry& entry : plan.attacks)
    for (const attacks::Norm norm : plan.norms) warn_of_missing(entry, norm, warn);
  if (options.epsilons.empty()) return plan;
  plan.epsilons = sweep::parse_epsilons(options.epsilons);
  require_budgets(plan, options.epsilons, warn);
  return plan;
}

void settle_budgets(sweep::SweepPlan& plan, std::size_t features) {
  if (!plan.epsilons.empty()) return;
  plan.epsilons = sweep::usual_epsilons(plan.norms.front(), features);
  for (const attacks::Norm norm : plan.norms) {
    if (sweep::usual_epsilons(norm, features) == plan.epsilons) continue;
    fail_usage(
        "--norm {}, {}: usually have different budgets, up to {:g} and {:g}; give --epsilons, or "
        "sweep one norm at a time",
        to_string(plan.norms.front()), to_string(norm), plan.epsilons.back(),
        sweep::usual_epsilons(norm, features).back());
  }
}

// Enough for one perturbation of all inputs; learning from more costs time and breaks no more.
constexpr std::size_t kTrainingSamples = 1000;

void load_training(const DataOptions& options, const models::Target& target, sweep::SweepPlan& plan,
                   const std::filesystem::path& classes) {
  const auto learns = [&](const sweep::Entry& entry) {
    return std::ranges::any_of(plan.norms, [&](attacks::Norm norm) {
      return std::ranges::any_of(entry.in(norm),
                                 [](const sweep::AttackSpec& s) { return s.info->fitted; });
    });
  };
  if (std::ranges::none_of(plan.attacks, learns)) return;
  datasets::Request request = request_of(options);
  request.split = "train";
  datasets::Dataset training = fit_data(datasets::load(options.data, request), target, classes);
  const std::string first = fmt::format("0:{}", std::min(kTrainingSamples, training.size()));
  plan.training = datasets::select(std::move(training), first);
}

void plan_stored(StoredExamples& stored, const std::string& file, const SweepOptions& options,
                 sweep::SweepPlan& plan) {
  const SweepOptions usual;
  if (plan.limits.any()) {
    fail_usage(
        "--from: stored examples were made without --mask, --epsilon-scale and --lattice; omit "
        "these");
  }
  if (options.attack == usual.attack) plan.attacks.clear();
  if (options.epsilons == usual.epsilons) plan.epsilons = {stored.epsilon};
  plan.norms = {stored.norm};
  settle_examples(stored, plan.epsilons);
  plan.attacks.insert(plan.attacks.begin(), stored_entry(stored, "stored:" + file));
}

}  // namespace gibbon::eval::runs
