// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reports/gate/paired.hpp"
#include "reports/gate/snapshot.hpp"

namespace gibbon::reports::gate {

/// What can be said of one point of the curve.
enum class Verdict {
  kUnchanged,   ///< no sample changed, or the 95 % interval of the change lies inside the margin
  kBetter,      ///< more than the margin, and more than chance
  kWorse,       ///< likewise
  kCannotTell,  ///< neither: too few samples
};
[[nodiscard]] std::string to_string(Verdict verdict);

/// How changes are judged.
struct Criteria {
  double margin = 0.003;  ///< a change of the rate up to this is harmless
  double alpha = 0.05;    ///< probability of any false alarm, over all points together
};

/// One point of two runs over the same samples.
struct PointResult {
  std::string name;
  record::RowKind kind = record::RowKind::kAttack;
  std::uint64_t before = 0;  ///< correct
  std::uint64_t now = 0;
  Paired paired;
  record::Interval drop;  ///< of the rate, at 95 %
  double p = 1.0;
  double adjusted = 1.0;  ///< p after Holm's adjustment over all points
  Verdict verdict = Verdict::kUnchanged;
  std::optional<std::uint64_t> needed;  ///< samples that would settle kCannotTell
};

/// Judges counts that belong together: fills everything but names and totals.
[[nodiscard]] std::vector<PointResult> judge_points(std::span<const Paired> points,
                                                    const Criteria& criteria);

/// The points that both snapshots have, of the same samples in the same order.
[[nodiscard]] std::vector<PointResult> compare_points(const Snapshot& before, const Snapshot& now,
                                                      const Criteria& criteria);

/// What two snapshots are called in a text.
struct Names {
  std::string first = "the baseline";
  std::string second = "this run";
};

/// Which conditions are not the same: "seed: 0 in the baseline, 7 in this run" each.
[[nodiscard]] std::vector<std::string> differences(const Snapshot& first, const Snapshot& second,
                                                   const Names& names);

/// Throws Refusal naming every difference in the conditions.
void require_comparable(const Snapshot& baseline, const Snapshot& now);

/// Throws Refusal unless both are over the same samples of the same data with the same labels.
void require_same_samples(const Snapshot& first, const Snapshot& second);

/// A sample whose outcome at a point is not what it was.
struct ChangedSample {
  std::uint64_t id = 0;
  std::size_t point = 0;       ///< of compare_points()
  std::uint8_t right_now = 0;  ///< 0: lost, 1: gained
};

/// All of them, point after point; the two are over the same samples.
[[nodiscard]] std::vector<ChangedSample> changed_samples(const Snapshot& before,
                                                         const Snapshot& now);

}  // namespace gibbon::reports::gate
