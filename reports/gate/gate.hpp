// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/gate/comparison.hpp"
#include "reports/gate/requirement.hpp"

namespace gibbon::reports::gate {

/// What is asked of a run.
struct Demands {
  Criteria criteria;
  bool strict = false;  ///< "cannot tell" fails, too
  std::vector<Requirement> requirements;
  double max_slowdown = 0.0;  ///< of an entry, beside the reference workload; 0: any
};

/// An attack on the reference network, then and now.
struct StrengthResult {
  enum class Verdict { kAsBefore, kWeaker, kStronger };
  std::string name;  ///< "pgd linf 0.1 on the reference network", or "pgd linf distance …"
  std::uint64_t n = 0;
  std::uint64_t weaker = 0;    ///< samples broken then and not now, or only farther away
  std::uint64_t stronger = 0;  ///< the reverse
  double adjusted = 1.0;       ///< exact McNemar, after Holm over all of these
  Verdict verdict = Verdict::kAsBefore;
};

/// An entry's time beside the reference workload, then and now.
struct SpeedResult {
  enum class Verdict { kFine, kSlower, kTooShort };
  std::string entry;
  double slowdown = 1.0;  ///< 2: takes twice as long
  Verdict verdict = Verdict::kFine;
};

/// What people should read, the gravest first.
struct Finding {
  enum class Level { kFailure, kWarning, kNote };
  Level level = Level::kNote;
  std::string subject;  ///< a point, a requirement, an entry: what a test case is named after
  std::string what;     ///< "worse", "attack weaker", "cannot tell", …
  std::string text;     ///< one sentence with the numbers
};

/// Everything the gate has found; what the reports are made of.
struct GateResult {
  std::string title;     ///< model, data and n of the run
  std::string baseline;  ///< the model behind the baseline; empty: there is none
  Criteria criteria;
  std::vector<PointResult> points;
  std::vector<StrengthResult> strength;
  std::vector<RequirementResult> requirements;
  std::vector<SpeedResult> speed;
  std::vector<Finding> findings;

  [[nodiscard]] bool passed() const;
  [[nodiscard]] std::string verdict() const;  ///< "PASS" or "FAIL: clean worse, pgd linf 0.1 worse"
};

/// Compares a run with its baseline (null: there is none, requirements alone are looked at). Throws
/// Refusal when they are not comparable.
[[nodiscard]] GateResult judge(const Snapshot* baseline, const Snapshot& now,
                               const Demands& demands);

/// Attacks on the reference network, budget by budget and by distance. A distance counts as changed
/// from 1 % on. Throws Refusal when the two did not measure the same.
[[nodiscard]] std::vector<StrengthResult> compare_strength(const Snapshot& baseline,
                                                           const Snapshot& now, double alpha);

/// The entries both have timed. Throws Refusal when one of the runs timed nothing.
[[nodiscard]] std::vector<SpeedResult> compare_speed(const Snapshot& baseline, const Snapshot& now,
                                                     double max_slowdown);

}  // namespace gibbon::reports::gate
