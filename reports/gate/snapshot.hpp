// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "reports/gate/reference.hpp"
#include "reports/record/record.hpp"

namespace gibbon::reports::gate {

/// One point of a curve, sample by sample.
struct Point {
  std::string attack;  ///< empty for the clean accuracy
  std::string norm;    ///< likewise
  record::RowKind kind = record::RowKind::kAttack;
  double epsilon = 0.0;
  std::vector<std::uint8_t> right;  ///< per sample: 1 where the model stands, or is proved to

  [[nodiscard]] std::uint64_t correct() const;
  [[nodiscard]] std::string name() const;   ///< "clean" or "pgd linf 0.1"
  [[nodiscard]] std::string entry() const;  ///< "clean" or "pgd linf"
  /// The same attack, norm and ε; outcomes are not looked at.
  [[nodiscard]] bool same_as(const Point& other) const;
};

/// What a run took, beside a reference workload timed in the same process.
struct Speed {
  std::string entry;     ///< "pgd linf"
  double seconds = 0.0;  ///< of all workers together
  double ratio = 0.0;    ///< time per operation of the model / time per operation of the reference
};

/// All that the gate has to know of a run, and what a baseline keeps of it.
struct Snapshot {
  std::string model;         ///< name
  std::string model_sha256;  ///< of the file
  /// What has to be the same for two runs to be compared, key by key: data, samples, labels,
  /// attacks, norms, epsilons, seed, exhaustive, max-queries, limits of the adversary,
  /// certificates.
  nlohmann::ordered_json conditions;
  std::vector<std::uint64_t> ids;  ///< of the samples, in the order of every list of outcomes
  std::vector<int> labels;         ///< likewise; empty of a baseline, which keeps their hash alone
  std::vector<std::string> class_names;  ///< of the run, if it has any; likewise
  std::vector<Point> points;             ///< outcomes_of()
  std::vector<Strength> strength;        ///< empty: not measured
  std::vector<Speed> speed;              ///< likewise
  nlohmann::ordered_json environment;
};

/// Throws Error when the samples of the run do not add up to its curve.
[[nodiscard]] Snapshot snapshot_of(const record::Run& run);

/// The outcomes of every point of a run: clean accuracy, then each row of the curve, those at which
/// nothing can be changed (ε = 0) left out, then what is certified. They follow the rules of the
/// curve and are checked against its counts: throws Error where they differ, Refusal for a run of
/// certificates alone.
[[nodiscard]] std::vector<Point> outcomes_of(const record::Run& run);

/// Runs of consecutive numbers in their order: "0-9999,12000".
[[nodiscard]] std::string to_ranges(std::span<const std::uint64_t> ids);

}  // namespace gibbon::reports::gate
