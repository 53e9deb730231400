// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "eval/runs/options.hpp"

namespace gibbon::eval::runs {

/// An experiment file: train (or take `model`), then sweep, then report.
///
///   output = "runs/demo"        # and data, data-dir, samples, seed, threads, …: at the top
///   [train]                     # left out when `model = "file.onnx"` is given
///   epochs = 10
///   [sweep]
///   attack = ["fgsm", "noise-uniform"]
///   epsilons = "0:0.3:0.025"
struct Experiment : SweepFields {
  std::string output = "runs/experiment";
  std::string model;  ///< empty: train one
  TrainOptions train;
};

/// Throws a usage Error naming file, key and value for TOML that does not parse, unknown keys (with
/// "did you mean") and values of the wrong type; an input Error when it cannot be read.
[[nodiscard]] Experiment read_experiment(const std::string& path);

/// The same of the bytes of a file; `path` is for messages.
[[nodiscard]] Experiment parse_experiment(std::string_view bytes, const std::string& path);

/// Sets what a table of TOML says of the options. Throws a usage Error as read_experiment().
void take_toml(std::string_view bytes, const std::string& path, const std::vector<Option>& options);

/// The lines of --dry-run.
[[nodiscard]] std::string to_text(const std::vector<Option>& options);

/// The whole plan, every option with its value: what --dry-run prints.
[[nodiscard]] std::string to_text(Experiment& experiment);

}  // namespace gibbon::eval::runs
