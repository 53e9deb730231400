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
  std::string entry;    ///< "pgd linf"; "clean"
  std::string repeats;  ///< name of an earlier point with the same outcomes; empty: none
  record::RowKind kind = record::RowKind::kAttack;
  std::uint64_t before = 0;  ///< correct
  std::uint64_t now = 0;
  Paired paired;
  record::Interval drop;  ///< of the rate, at 95 %
  double p = 1.0;
  double adjusted = 1.0;  ///< p after Holm's adjustment over all points
  Verdict verdict = Verdict::kUnchanged;
  std::optional<std::uint64_t> needed;  ///< samples that would settle kCannotTell
  std::vector<std::uint64_t> lost;      ///< ids of the samples
  std::vector<std::uint64_t> gained;
};

/// Judges counts that belong together: fills everything but names and totals.
[[nodiscard]] std::vector<PointResult> judge_points(std::span<const Paired> points,
                                                    const Criteria& criteria);

/// The points that both snapshots have, of the same samples in the same order. A row of the curve
/// whose outcomes are those of an earlier row at the same ε in both, as those of the worst case are
/// where one attack breaks all that any breaks, repeats it: it has its verdict, and counts in
/// Holm's adjustment once.
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

}  // namespace gibbon::reports::gate
