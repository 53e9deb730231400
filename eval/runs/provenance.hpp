#pragma once

#include <nlohmann/json.hpp>

#include "datasets/dataset.hpp"
#include "eval/runs/options.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::runs {

/// Version, git revision, compiler, CPU, instruction set, kernel set.
[[nodiscard]] nlohmann::ordered_json environment();

/// Everything the results of a sweep depend on, bit for bit: what --resume compares.
[[nodiscard]] nlohmann::ordered_json sweep_identity(const models::ModelFile& model,
                                                    const datasets::Dataset& data,
                                                    const sweep::SweepPlan& plan);

/// What a sweep's run.json says before the curve.
struct SweepProvenance {
  std::string command;  ///< the one line that repeats the run
  std::string model_path;
  std::string model_sha256;
  double seconds_sweep = 0.0;
};

/// What run.json says of a run that has certificates alone: the same command, model and data.
[[nodiscard]] nlohmann::ordered_json certify_provenance(const SweepProvenance& about,
                                                        const models::Network& network,
                                                        const datasets::Dataset& data,
                                                        const DataOptions& data_options);

[[nodiscard]] nlohmann::ordered_json sweep_provenance(
    const SweepProvenance& about, const models::Network& network, const datasets::Dataset& data,
    DataOptions data_options, SweepOptions sweep_options, CommonOptions common,
    const sweep::SweepResult& result);

}  // namespace gibbon::eval::runs
