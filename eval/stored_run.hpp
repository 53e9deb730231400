#pragma once

#include <string>

#include "eval/options.hpp"
#include "eval/sweep.hpp"
#include "reports/record.hpp"

// A finished run as what it was made from, so that parts of it can be made again.
namespace gibbon::eval {

/// What run.json says: the options of the sweep, and what its results hold for.
struct StoredPlan {
  DataOptions data;
  SweepOptions sweep;
  CommonOptions common;
  std::string model_path;
  std::string model_sha256;
  std::string data_sha256;
};

/// Throws an input Error naming the key that is missing or of the wrong type.
[[nodiscard]] StoredPlan stored_plan(const reports::Run& run);

/// The records of a run as the sweep returned them. `plan` and `data` are those of its
/// stored_plan() and must outlive the result. Throws an input Error where they do not belong to the
/// records: the data are others, or attacks that the options do not name (stored examples).
[[nodiscard]] SweepResult stored_result(const reports::Run& run, const StoredPlan& stored,
                                        const SweepPlan& plan, const datasets::Dataset& data);

}  // namespace gibbon::eval
