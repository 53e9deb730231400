// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "datasets/dataset.hpp"
#include "eval/runs/options.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/target.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::runs {

/// A sweep and what its record has to say about where it came from.
struct RunPlan {
  sweep::SweepPlan sweep;
  SweepFields fields;                ///< as they were asked for
  std::string command;               ///< repeats it
  std::filesystem::path model_path;  ///< of the target; empty: it has no file
  std::string model_sha256;          ///< of that file
};

/// Who is told while a run is executed; either may be empty.
struct Observer {
  sweep::SweepProgress progress;  ///< from any worker, one call at a time
  /// The sweep is over, after so many seconds; what it found is about to become the run.
  std::function<void(const sweep::SweepResult& result, double seconds)> swept;
};

/// Runs a sweep and returns what write_run() writes: curve, records, distances, diagnosis and
/// provenance. Prints nothing and touches no file but those of `journal`, which may be null. After
/// Ctrl-C it is the run of the samples that are through, none of them when `curve` is empty. Throws
/// what sweep() throws.
[[nodiscard]] reports::record::Run execute(const RunPlan& plan, const models::Target& target,
                                           const datasets::Dataset& data, sweep::PartStore* journal,
                                           const Observer& observer);

}  // namespace gibbon::eval::runs
