// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "eval/cli/command.hpp"

// The two pieces of work that both have a command of their own and are part of 'gibbon run'.
namespace gibbon::eval::cli {

/// Trains on the train split of `data`, writes `model_path` and `history_path`, prints what came
/// out (also on the test split) and returns the model. After Ctrl-C, which the caller sees in
/// `interrupted`, the best model so far is written; a loss that is no number is a usage Error with
/// advice, after the best model so far was written.
models::ModelFile run_training(const runs::TrainOptions& train, const runs::DataOptions& data,
                               const runs::CommonOptions& common,
                               const std::filesystem::path& model_path,
                               const std::filesystem::path& history_path);

/// "pgd: 2304 of 10000 samples, 75.1 % right at the largest ε".
[[nodiscard]] std::string sweep_note(const sweep::SweepStatus& status);

inline constexpr const char* kJournal = "resume.journal";  ///< in the folder of an unfinished run

/// prepare_folder() for a sweep that may go on: false when the folder holds this run finished, so
/// that there is nothing to do. A journal without `resume` is a usage Error.
[[nodiscard]] bool prepare_sweep(const std::filesystem::path& folder, bool resume, bool force);

/// Everything run_sweep() has to know.
struct SweepJob {
  models::ModelFile model;
  std::filesystem::path model_path;
  runs::SweepFields fields;
  std::filesystem::path folder;
  std::string command;  ///< repeats it
  std::string from;     ///< a file of stored examples, instead of data and attacks; empty: none
  bool resume = false;  ///< go on with what the folder's journal holds
};

/// Sweeps, writes the run folder and prints the table; returns the exit code.
int run_sweep(const SweepJob& job);

}  // namespace gibbon::eval::cli
