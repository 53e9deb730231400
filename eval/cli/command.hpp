// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fmt/format.h>
#include <initializer_list>
#include <string>
#include <string_view>

#include "datasets/dataset.hpp"
#include "eval/cli/parser.hpp"
#include "eval/cli/screen.hpp"
#include "eval/runs/plan.hpp"
#include "eval/runs/run_lock.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/model_file.hpp"
#include "reports/gate/comparison.hpp"

// What the subcommands share. One file per subcommand; main.cpp lists them.
namespace gibbon::eval::cli {

/// The options that differ from their defaults, as one would type them: " --data digits --seed 3".
[[nodiscard]] std::string typed(const std::vector<runs::Option>& options,
                                const std::vector<runs::Option>& defaults);

/// Text as one shell word.
[[nodiscard]] std::string shell_word(const std::string& text);

/// load_data() and fit_data(); says what there is to say about the data.
[[nodiscard]] datasets::Dataset load_data(const runs::DataOptions& options,
                                          const models::Target& target,
                                          const runs::CommonOptions& common);

/// Writes "note: …" for every sentence unless quiet.
void say_notes(const runs::CommonOptions& common, std::span<const std::string> notes);

/// Reads a model with the scaling of its inputs; a missing --model is a usage Error.
[[nodiscard]] models::ModelFile load_model(const std::string& path,
                                           const runs::InputOptions& input);

/// The loss called `name`, or, when that is empty, the one the model was trained with;
/// cross-entropy or MSE, by its output, for models of other producers.
[[nodiscard]] models::Loss loss_of(const models::Target& target, std::string name);

/// runs::plan_sweep() with warnings on stderr.
[[nodiscard]] sweep::SweepPlan plan_sweep(const runs::SweepOptions& options,
                                          const runs::CommonOptions& common);

/// Writes to stderr unless quiet; ends the progress bar's line first.
void say(const runs::CommonOptions& common, const std::string& text);

/// The lock on a run folder that is there.
[[nodiscard]] runs::RunLock lock_folder(const std::filesystem::path& folder,
                                        const runs::CommonOptions& common);

/// The same of one to write to, which is created; where that fails, the work will find out.
[[nodiscard]] runs::RunLock lock_new_folder(const std::filesystem::path& folder,
                                            const runs::CommonOptions& common);

/// Where results go when nobody says where: `standard`, or standard-2, standard-3, …, the first
/// that holds none of the files `results`, or an unfinished sweep, which is to be decided about.
[[nodiscard]] std::string fresh_folder(const std::string& standard,
                                       std::initializer_list<std::string_view> results);

/// Throws a usage Error naming --margin or --alpha when they are outside what makes sense.
void require_sensible(const reports::gate::Criteria& criteria);

// Each adds its subcommand to the program.
void add_train(Parser root);
void add_sweep(Parser root);
void add_certify(Parser root);
void add_verify(Parser root);
void add_smooth(Parser root);
void add_corrupt(Parser root);
void add_run(Parser root);
void add_transfer(Parser root);
void add_report(Parser root);
void add_baseline(Parser root);
void add_check(Parser root);
void add_compare(Parser root);
void add_trend(Parser root);
void add_simulate_gate(Parser root);
void add_gallery(Parser root);
void add_crosscheck(Parser root);
void add_explain(Parser root);
void add_data(Parser root);
void add_models(Parser root);
void add_list(Parser root);
void add_doctor(Parser root);
void add_completion(Parser root);
void add_manual(Parser root);
void add_help(Parser root);

}  // namespace gibbon::eval::cli
