// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "datasets/dataset.hpp"
#include "models/graph.hpp"
#include "models/network.hpp"
#include "models/train/schedule.hpp"
#include "models/train/stepper.hpp"

namespace gibbon::models::train {

struct TrainSettings {
  StepSettings step;
  const ScheduleInfo* schedule = nullptr;
  double learning_rate = 0.0;
  std::size_t epochs = 10;
  std::size_t batch = 64;
  double validation = 0.05;  ///< part of the training samples held out, 0 … 0.5
  std::size_t patience = 0;  ///< epochs without a better one before stopping early, after the
                             ///< ramp of robust training; 0: never
  std::uint64_t seed = 0;
};

/// What the held-out samples say after an epoch.
struct Validation {
  double loss = 0.0;
  double accuracy = 0.0;
  std::optional<double> standing;  ///< robust training: part that is right in the worst case, at
                                   ///< the ε of the ramp's end
};

/// One line of history.csv.
struct EpochRecord {
  std::size_t epoch = 0;  ///< 1-based
  double learning_rate = 0.0;
  double loss = 0.0;      ///< mean over the epoch's training samples, each before its update
  double accuracy = 0.0;  ///< likewise
  std::optional<Validation> validation;  ///< empty without held-out samples, or after Ctrl-C
  // Robust training alone:
  double epsilon = 0.0;   ///< of the epoch's last step
  double standing = 0.0;  ///< part of the training samples right in the worst case
};

/// Where the training stands, for a progress bar.
struct TrainProgress {
  std::size_t epoch = 0;  ///< 1-based
  std::size_t epochs = 0;
  std::size_t samples = 0;  ///< seen in this epoch
  std::size_t samples_per_epoch = 0;
  double loss = 0.0;  ///< running mean over this epoch
  double accuracy = 0.0;
};

enum class TrainEnd { kFinished, kStoppedEarly, kInterrupted, kDiverged };

struct TrainResult {
  TrainEnd end = TrainEnd::kFinished;
  std::vector<EpochRecord> history;
  std::size_t best_epoch = 0;     ///< whose parameters the network holds; 0: none was finished
  std::size_t train_samples = 0;  ///< without the held-out ones
  std::size_t validation_samples = 0;
};

struct TrainListener {
  std::function<void(const TrainProgress&)> on_progress = [](const TrainProgress&) {};
  std::function<void(const EpochRecord&)> on_epoch = [](const EpochRecord&) {};
};

/// Trains `network` in place. It ends up with the parameters of the best epoch: highest validation
/// accuracy (ties: lower loss), or lowest training loss without a validation split. Robust training
/// goes by the validation samples that are right in the worst case at the ε of the ramp's end, and
/// without a validation split by the last epoch: losses at growing ε do not compare. Looks at
/// gibbon::interrupted between steps; a step in progress when it is set is finished, the unfinished
/// epoch counts as one if it is the first. Throws a usage Error when the network cannot be trained
/// (step activation; robustly: require_robust_trainable()), or does not fit the data.
TrainResult train(Network& network, const datasets::Dataset& data, const TrainSettings& settings,
                  const TrainListener& listener);
/// The same of a graph; robustly by an adversary alone.
TrainResult train(Graph& graph, const datasets::Dataset& data, const TrainSettings& settings,
                  const TrainListener& listener);

struct Evaluation {
  double loss = 0.0;  ///< mean
  std::size_t correct = 0;
  std::size_t n = 0;
  std::vector<std::uint32_t> predicted;  ///< class of each sample; of robust ones not stored
  [[nodiscard]] double accuracy() const {
    return n == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(n);
  }
};

/// Loss and accuracy of the samples `indices` of `data`.
[[nodiscard]] Evaluation evaluate(const Network& network, const Loss& loss,
                                  const datasets::Dataset& data,
                                  std::span<const std::uint32_t> indices, std::size_t threads);
[[nodiscard]] Evaluation evaluate(const Graph& graph, const Loss& loss,
                                  const datasets::Dataset& data,
                                  std::span<const std::uint32_t> indices, std::size_t threads);

/// history.csv of a training run; of a robust one with epsilon, train_standing and
/// Validation::standing.
[[nodiscard]] std::string to_history_csv(std::span<const EpochRecord> history, robust::Worst worst);

}  // namespace gibbon::models::train
