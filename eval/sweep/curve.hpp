// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::eval::sweep {

/// One attack in one norm, over all budgets: where its records lie and what it is called.
struct PairInfo {
  std::string attack;
  std::string norm;
  reports::record::RowKind kind = reports::record::RowKind::kAttack;
};

/// Records of one (attack, norm): epsilons.size() rows of n samples, row after row, sample n of
/// every row being the same one. Sets `broken` (fooled at this or a smaller budget, or wrong when
/// clean) and returns the row's points. `has_rounded`: rounded labels were measured.
std::vector<reports::record::CurvePoint> summarise(
    const PairInfo& pair, std::span<const double> epsilons, std::size_t classes, bool has_rounded,
    std::span<reports::record::SampleRecord> records);

/// The worst case of several (attack, norm) blocks of records of one norm, each as after
/// summarise().
[[nodiscard]] std::vector<reports::record::CurvePoint> worst_case(
    const std::string& norm, std::span<const double> epsilons, std::size_t classes,
    std::span<const std::span<const reports::record::SampleRecord>> blocks);

/// Quartiles of the smallest of the records' `nearest`, sample by sample: one row of n samples of
/// every (attack, norm) that counts.
[[nodiscard]] reports::record::DistanceSummary summarise_distances(
    const PairInfo& pair, std::span<const std::span<const reports::record::SampleRecord>> rows);

}  // namespace gibbon::eval::sweep
