// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include "datasets/dataset.hpp"
#include "eval/runs/options.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/target.hpp"

namespace gibbon::eval::runs {

/// Version, git revision, compiler, CPU, instruction set, kernel set.
[[nodiscard]] nlohmann::ordered_json environment();

/// The fields with the values that the plan has: names in full, every budget, stored examples among
/// the attacks.
[[nodiscard]] SweepFields settled(SweepFields fields, const sweep::SweepPlan& plan);

/// The SHA-256 of a model's file, and how another engine runs it, if one does.
[[nodiscard]] std::string model_identity(const std::string& sha256, const models::Target& target);

/// Everything the results of a sweep depend on, bit for bit: what --resume compares. `model` is its
/// model_identity(), `settled` are the fields() of settled().
[[nodiscard]] nlohmann::ordered_json sweep_identity(const std::string& model,
                                                    const datasets::Dataset& data,
                                                    const sweep::SweepPlan& plan,
                                                    const std::vector<Option>& settled);

/// Every field with its value: `configuration` in run.json.
[[nodiscard]] nlohmann::ordered_json configuration_of(const std::vector<Option>& fields);

/// What a sweep's run.json says before the curve.
struct SweepProvenance {
  std::string command;  ///< the one line that repeats the run
  std::string model_path;
  std::string model_sha256;
  double seconds_sweep = 0.0;
};

/// What every record says of how it was made: schema, command, model, data and environment.
[[nodiscard]] nlohmann::ordered_json provenance_of(const SweepProvenance& about,
                                                   const models::Target& target,
                                                   const datasets::Dataset& data,
                                                   const DataOptions& data_options);

/// What run.json says of a run that has certificates alone.
[[nodiscard]] nlohmann::ordered_json certify_provenance(const SweepProvenance& about,
                                                        const models::Target& target,
                                                        const datasets::Dataset& data,
                                                        const DataOptions& data_options);

[[nodiscard]] nlohmann::ordered_json sweep_provenance(const SweepProvenance& about,
                                                      const models::Target& target,
                                                      const datasets::Dataset& data,
                                                      SweepFields fields,
                                                      const sweep::SweepResult& result);

}  // namespace gibbon::eval::runs
