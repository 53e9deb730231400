// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include "datasets/dataset.hpp"
#include "eval/runs/options.hpp"
#include "models/train/train.hpp"

namespace gibbon::eval::runs {

/// A training run as the options ask for it, with every name resolved and every range checked.
struct TrainPlan {
  models::Network network;  ///< freshly initialised; without layers when --arch is a graph's
  models::train::TrainSettings settings;
};

/// Throws a usage Error for unknown names and values outside their range.
[[nodiscard]] TrainPlan plan_training(const TrainOptions& options, const CommonOptions& common);

/// The freshly initialised graph that --arch names, for these data.
[[nodiscard]] models::Graph start_graph(const TrainOptions& options, const TrainPlan& plan,
                                        const datasets::Dataset& data);

/// Provenance for the model file: options, data and outcome as metadata entries.
void describe_training(std::map<std::string, std::string>& metadata, const TrainOptions& options,
                       const CommonOptions& common, const datasets::Dataset& data,
                       const models::train::TrainResult& result);

}  // namespace gibbon::eval::runs
