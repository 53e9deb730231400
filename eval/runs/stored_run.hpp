// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "eval/runs/options.hpp"
#include "eval/sweep/sweep.hpp"
#include "reports/formats/parse_json.hpp"
#include "reports/record/record.hpp"

// A finished run as what it was made from, so that parts of it can be made again.
namespace gibbon::eval::runs {

/// What run.json says: the options of the sweep, and what its results hold for.
struct StoredPlan : SweepFields {
  std::string model_path;
  std::string model_sha256;
  std::string data_sha256;
};

/// Sets every option from `configuration` of a run.json. Throws an input Error naming the key that
/// is missing or of the wrong type; what has no effect on results, or came later, may be missing.
void take(const reports::formats::JsonPart& configuration, const std::vector<Option>& options);

/// Throws an input Error naming the key that is missing or of the wrong type, and a usage Error for
/// a run of certificates alone.
[[nodiscard]] StoredPlan stored_plan(const reports::record::Run& run);

/// The records of a run as the sweep returned them. `plan` and `data` are those of its
/// stored_plan() and must outlive the result. Throws an input Error where they do not belong to the
/// records: the data are others, or attacks that the options do not name (stored examples).
[[nodiscard]] sweep::SweepResult stored_result(const reports::record::Run& run,
                                               const StoredPlan& stored,
                                               const sweep::SweepPlan& plan,
                                               const datasets::Dataset& data);

/// Whether certificates of this model and these samples in this norm belong to the run in `folder`:
/// throws a usage Error that names both values where they differ, or when the run is unfinished or
/// does not tell distances. A run of certificates alone has no norm to differ in. `limits` are the
/// limits_record() of the adversary.
void require_joinable(const std::filesystem::path& folder, const reports::record::Run& run,
                      const std::string& model_sha256, const datasets::Dataset& data,
                      attacks::Norm norm, const nlohmann::ordered_json& limits);

/// Per sample the smallest distance in the norm at which anything of the run broke it, 0 where it
/// is wrong when clean, infinity where nothing did; empty when the run has no attack.
[[nodiscard]] std::vector<double> broken_distances(const reports::record::Run& run,
                                                   attacks::Norm norm);

}  // namespace gibbon::eval::runs
