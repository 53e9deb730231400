// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "attacks/corruption.hpp"
#include "attacks/pose.hpp"
#include "datasets/dataset.hpp"
#include "models/target.hpp"
#include "reports/record/corrupted.hpp"

// Accuracy away from the data a model was trained for, without small perturbations.
namespace gibbon::eval::shift {

/// The searches over rotations and translations, weakest first: one random pose (the control), the
/// worst of some random ones, the grid, and the grid with a search around its best poses.
struct PosePlan {
  attacks::PoseBox box;
  std::size_t worst_of = 10;
};

struct ShiftPlan {
  std::vector<const attacks::CorruptionInfo*> corruptions;
  std::vector<std::size_t> severities;  ///< rising, 1 to 5
  std::optional<PosePlan> poses;        ///< empty: none
  std::uint64_t seed = 0;
  std::size_t threads = 1;  ///< changes speed, never results
};

struct ShiftResult {
  std::vector<reports::record::CorruptedSample> samples;  ///< per sample of the data
  std::uint64_t passes = 0;                               ///< of the searches
};

/// Names of the plan's searches, in the order of CorruptedSample::posed: "random", "worst-of-10",
/// "grid-31x5x5", "grid-31x5x5-refined".
[[nodiscard]] std::vector<std::string> search_names(const PosePlan& plan);

/// Samples that are through, of all. Called from any worker, one call at a time.
using ShiftProgress = std::function<void(std::size_t done, std::size_t total)>;

/// What the judge, in double, predicts of every sample under every corruption and severity, and
/// what the searches find. "random" is judged as it is; for the others a sample that is
/// misclassified clean is not correct. The refined grid also counts what the random poses broke.
/// Throws a usage Error for data that are not pictures of 1 or 3 channels, Interrupted after
/// Ctrl-C.
[[nodiscard]] ShiftResult measure(const models::Target& target, const datasets::Dataset& data,
                                  const ShiftPlan& plan, const ShiftProgress& progress);

}  // namespace gibbon::eval::shift
