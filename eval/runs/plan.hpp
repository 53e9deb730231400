// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "datasets/classes.hpp"
#include "datasets/dataset.hpp"
#include "eval/runs/options.hpp"
#include "eval/runs/stored_examples.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/target.hpp"

// From what a user wrote to what a sweep is given.
namespace gibbon::eval::runs {

/// Hears what is worth saying, one sentence at a time.
using Note = std::function<void(const std::string&)>;

/// How the options want data to be loaded. Throws a usage Error for words that are none.
[[nodiscard]] datasets::Request request_of(const DataOptions& options);

/// load() and select() as the options ask for it. Throws usage and input Errors.
[[nodiscard]] datasets::Dataset load_data(const DataOptions& options);

/// Data as a model takes them: require_fit(), and the model's classes where the data show fewer,
/// by the names in the file `classes` or in the model's metadata, where there are such.
[[nodiscard]] datasets::Dataset fit_data(datasets::Dataset data, const models::Target& target,
                                         const std::filesystem::path& classes = {});

/// The same for a model whose classes are called `names`.
[[nodiscard]] datasets::Dataset fit_data(datasets::Dataset data, const models::Target& target,
                                         const datasets::ClassNames& names);

/// Every name resolved, every range checked, or a usage Error. Warns about budgets in 0–255 units.
/// Without budgets in the options, the plan has none before settle_budgets().
[[nodiscard]] sweep::SweepPlan plan_sweep(const SweepOptions& options, const CommonOptions& common,
                                          const Note& warn);

/// Gives a plan without budgets those that are usual for its norm and data of so many features.
/// Throws a usage Error when its norms have different ones.
void settle_budgets(sweep::SweepPlan& plan, std::size_t features);

/// Loads the samples that attacks learn from, the first of the train split, if the plan has an
/// attack that does. `classes` as for fit_data().
void load_training(const DataOptions& options, const models::Target& target, sweep::SweepPlan& plan,
                   const std::filesystem::path& classes = {});

/// Stored examples instead of attacks; other attacks and budgets only where they were asked for.
/// `stored` must outlive the plan.
void plan_stored(StoredExamples& stored, const std::string& file, const SweepOptions& options,
                 sweep::SweepPlan& plan);

}  // namespace gibbon::eval::runs
