// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::page {

/// A sample whose outcome differs between two runs, and what each model says.
struct ChangedSample {
  std::uint64_t id = 0;
  int label = 0;
  int before = -1;  ///< class said in the first run; -1: not recorded (the worst case of several)
  int now = -1;     ///< likewise in the second
};

/// The samples that changed at one point of the curve.
struct Changes {
  std::string attack;  ///< empty for the clean accuracy
  std::string norm;
  double epsilon = 0.0;
  std::vector<ChangedSample> lost;    ///< right in the first run, not in the second
  std::vector<ChangedSample> gained;  ///< the reverse
};

/// Per point that both runs have, in the order of the first. Both must be over the same samples
/// (gate::require_same_samples()). Throws Error where samples and curve of a run do not belong
/// together.
[[nodiscard]] std::vector<Changes> changes_between(const record::Run& before,
                                                   const record::Run& now);

}  // namespace gibbon::reports::page
