// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// How far one row's attack had come when it had spent so many passes (forward or backward) on each
/// sample. Where one entry visits several budgets, passes add up over its visits.
struct QueryPoint {
  std::uint64_t queries = 0;
  std::uint64_t correct = 0;  ///< of the row's n, as record::CurvePoint::correct
};

/// 1, 2, 5, 10, 20, … up to what the row's dearest sample took; empty when the row has no samples
/// or looked at no model.
[[nodiscard]] std::vector<QueryPoint> query_curve(const record::Run& run, std::size_t row);

}  // namespace gibbon::reports::formats
