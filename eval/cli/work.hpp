#pragma once

#include <filesystem>

#include "eval/cli/command.hpp"

// The two pieces of work that both have a command of their own and are part of 'gibbon run'.
namespace gibbon::eval::cli {

/// Trains on the train split of `data`, writes `model_path` and `history_path`, prints what came
/// out (also on the test split) and returns the model. After Ctrl-C the best model so far is
/// written; a loss that is no number is a usage Error with advice, after the best model so far was
/// written.
models::ModelFile run_training(const TrainOptions& train, const DataOptions& data,
                               const CommonOptions& common, const std::filesystem::path& model_path,
                               const std::filesystem::path& history_path);

/// Sweeps, writes the run folder and prints the table; returns the exit code. `command` repeats it.
int run_sweep(const models::ModelFile& model, const std::filesystem::path& model_path,
              const SweepOptions& options, const DataOptions& data_options,
              const CommonOptions& common, const std::filesystem::path& folder,
              const std::string& command);

}  // namespace gibbon::eval::cli
