// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "reports/gate/snapshot.hpp"

namespace gibbon::reports::gate {

/// A rate that must not be missed: "pgd linf 0.1 >= 0.2", "class 3: fgsm 0.1 > 40%".
struct Requirement {
  enum class Bound { kAtLeast, kMoreThan };

  std::string label;   ///< class whose samples count, number or name; empty: all
  std::string attack;  ///< empty: the clean accuracy
  std::string norm;    ///< empty: the only one that the run has of the attack
  double epsilon = 0.0;
  Bound bound = Bound::kAtLeast;
  double rate = 0.0;  ///< fraction of the samples that count

  [[nodiscard]] std::string name() const;  ///< "pgd linf 0.1 >= 0.2"
};

/// "[class CLASS:] clean >= RATE" or "[class CLASS:] ATTACK [NORM] EPSILON >= RATE", or > for >=;
/// EPSILON also as 8/255, RATE in [0, 1] or in percent. Throws Refusal.
[[nodiscard]] Requirement parse_requirement(std::string_view text);

struct RequirementResult {
  Requirement requirement;
  std::uint64_t n = 0;
  std::uint64_t correct = 0;
  record::Interval interval;  ///< Wilson's, at 95 %
  [[nodiscard]] bool met() const;
};

/// Throws Refusal listing what there is when the run lacks the required point or class, or has the
/// attack in several norms and the requirement names none.
[[nodiscard]] RequirementResult measure(const Requirement& requirement, const Snapshot& now);

}  // namespace gibbon::reports::gate
