// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/gate/comparison.hpp"
#include "reports/gate/requirement.hpp"

namespace gibbon::reports::gate {

/// Where run and baseline lie, as one types it in a shell: what advice is made of.
struct Places {
  std::string run = "RUN";
  std::string baseline = "BASELINE";
};

/// What is asked of a run.
struct Demands {
  Criteria criteria;
  bool strict = false;  ///< "cannot tell" fails, too
  std::vector<Requirement> requirements;
  double max_slowdown = 0.0;  ///< of an entry, beside the reference workload; 0: any
  Places places;
};

/// An attack on the reference network, then and now.
struct StrengthResult {
  enum class Verdict { kAsBefore, kWeaker, kStronger };
  std::string entry;  ///< "pgd linf on the reference network"
  std::string name;   ///< "pgd linf 0.1 on the reference network", or "pgd linf distance …"
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
  std::string samples;  ///< which ones: "newly broken: samples 12, 45 and 7 more"; empty: none
  std::string group;    ///< what is told together: "pgd linf"; empty: this stands alone
  double size = 0.0;    ///< of the change: the largest is told for its group
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
  Places places;
  bool same_model = false;  ///< the model is that of the baseline, bit by bit
  std::string models;  ///< "sha256 3f2a91c0… in the baseline, …"; empty where one is not known

  [[nodiscard]] bool passed() const;
  [[nodiscard]] std::string verdict() const;  ///< "PASS" or "FAIL: clean worse, pgd linf 0.1 worse"
};

/// Compares a run with its baseline (null: there is none, requirements alone are looked at). Throws
/// Refusal when they are not comparable.
[[nodiscard]] GateResult judge(const Snapshot* baseline, const Snapshot& now,
                               const Demands& demands);

/// The findings with those of one group, level and kind told as one, by its largest change: "9 of
/// 12 points of pgd linf" are worse. What cannot be told is told once for all attacks.
[[nodiscard]] std::vector<Finding> headlines(const GateResult& result);

/// What to do about one kind of failure.
struct Advice {
  struct Step {
    std::string text;
    std::string command;  ///< ready to be typed; empty: none
  };
  std::string what;  ///< as that of the findings
  std::vector<Step> steps;
};

/// For every kind of failure that there is, in the order of the findings.
[[nodiscard]] std::vector<Advice> advice(const GateResult& result);

/// Attacks on the reference network, budget by budget and by distance. A distance counts as changed
/// from 1 % on. Throws Refusal when the two did not measure the same.
[[nodiscard]] std::vector<StrengthResult> compare_strength(const Snapshot& baseline,
                                                           const Snapshot& now, double alpha);

/// The entries both have timed. Throws Refusal when one of the runs timed nothing.
[[nodiscard]] std::vector<SpeedResult> compare_speed(const Snapshot& baseline, const Snapshot& now,
                                                     double max_slowdown);

}  // namespace gibbon::reports::gate
