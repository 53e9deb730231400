// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "reports/gate/snapshot.hpp"

namespace gibbon::reports::gate {

/// A rate that must not be missed: "pgd linf 0.1 >= 0.2".
struct Requirement {
  std::string attack;  ///< empty: the clean accuracy
  std::string norm;
  double epsilon = 0.0;
  double least = 0.0;  ///< fraction of all samples

  [[nodiscard]] std::string name() const;  ///< "pgd linf 0.1 >= 0.2"
};

/// "clean >= RATE" or "ATTACK NORM EPSILON >= RATE", EPSILON also as 8/255, RATE in [0, 1]. Throws
/// Refusal.
[[nodiscard]] Requirement parse_requirement(std::string_view text);

struct RequirementResult {
  Requirement requirement;
  std::uint64_t n = 0;
  std::uint64_t correct = 0;
  record::Interval interval;  ///< Wilson's, at 95 %
  [[nodiscard]] bool met() const;
};

/// Throws Refusal listing the points there are when the required one is not among them.
[[nodiscard]] RequirementResult measure(const Requirement& requirement, const Snapshot& now);

}  // namespace gibbon::reports::gate
