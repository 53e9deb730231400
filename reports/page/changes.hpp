// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "reports/gate/comparison.hpp"
#include "reports/record/record.hpp"

namespace gibbon::reports::page {

/// What a model says to a sample at a point.
struct Answer {
  int label = -1;           ///< class; -1: not recorded
  double confidence = 0.0;  ///< probability of that class: of the adversarial example where it
                            ///< fools the model, else of the sample as it is
};

/// A sample whose outcome differs between two runs, and what each model says.
struct ChangedSample {
  std::uint64_t id = 0;
  int label = 0;
  Answer before;
  Answer now;
};

/// The samples that changed at one point of the curve.
struct Changes {
  std::string attack;  ///< empty for the clean accuracy
  std::string norm;
  double epsilon = 0.0;
  std::vector<ChangedSample> lost;    ///< right in the first run, not in the second
  std::vector<ChangedSample> gained;  ///< the reverse
};

/// One of two that are compared. Both must live as long as the comparison is made.
struct Side {
  std::string name;  ///< "A", "baseline"
  const gate::Snapshot* snapshot = nullptr;
  const record::Run* run = nullptr;  ///< null: a baseline, which has outcomes and no records
};

/// What a page says of two runs over the same samples; by default nothing.
struct Comparison {
  std::array<std::string, 2> names;
  std::vector<gate::PointResult> verdicts;
  std::vector<std::string> differences;  ///< of data and settings, a line each
  std::vector<Changes> changes;          ///< per point that both have, in the order of the first
};

/// Both must be over the same samples (gate::require_same_samples()), and one of them is a run.
[[nodiscard]] Comparison compare(const Side& before, const Side& now,
                                 const gate::Criteria& criteria);

/// The verdict on every point as HTML; empty where nothing is compared.
[[nodiscard]] std::string verdicts_section(const Comparison& comparison);

}  // namespace gibbon::reports::page
