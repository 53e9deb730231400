// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

#include "datasets/dataset.hpp"
#include "eval/runs/plan.hpp"
#include "eval/runs/run_lock.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/model_file.hpp"
#include "reports/gate/comparison.hpp"

// What the subcommands share. One file per subcommand; main.cpp lists them.
namespace gibbon::eval::cli {

/// Registers every option as --name.
void add_options(CLI::App& app, const std::vector<runs::Option>& options);

/// The options that differ from their defaults, as one would type them: " --data digits --seed 3".
[[nodiscard]] std::string typed(const std::vector<runs::Option>& options,
                                const std::vector<runs::Option>& defaults);

/// Text as one shell word.
[[nodiscard]] std::string shell_word(const std::string& text);

/// load_data() and fit_data(); says what there is to say about the data.
[[nodiscard]] datasets::Dataset load_data(const runs::DataOptions& options,
                                          const models::Network& network,
                                          const runs::CommonOptions& common);

/// Writes "note: …" for every sentence unless quiet.
void say_notes(const runs::CommonOptions& common, std::span<const std::string> notes);

/// Reads a model; a missing --model is a usage Error.
[[nodiscard]] models::ModelFile load_model(const std::string& path);

/// The loss called `name`, or, when that is empty, the one the model was trained with;
/// cross-entropy or MSE, by its output, for models of other producers.
[[nodiscard]] models::Loss loss_of(const models::Network& network, std::string name);

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

[[nodiscard]] bool stdout_is_terminal();

/// Throws a usage Error naming --margin or --alpha when they are outside what makes sense.
void require_sensible(const reports::gate::Criteria& criteria);

// Each adds its subcommand to the program.
void add_train(CLI::App& root);
void add_sweep(CLI::App& root);
void add_certify(CLI::App& root);
void add_verify(CLI::App& root);
void add_smooth(CLI::App& root);
void add_run(CLI::App& root);
void add_transfer(CLI::App& root);
void add_report(CLI::App& root);
void add_baseline(CLI::App& root);
void add_check(CLI::App& root);
void add_compare(CLI::App& root);
void add_simulate_gate(CLI::App& root);
void add_gallery(CLI::App& root);
void add_crosscheck(CLI::App& root);
void add_explain(CLI::App& root);
void add_data(CLI::App& root);
void add_list(CLI::App& root);
void add_doctor(CLI::App& root);
void add_completion(CLI::App& root);
void add_manual(CLI::App& root);

}  // namespace gibbon::eval::cli
