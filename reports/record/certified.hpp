// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "reports/record/record.hpp"

// What is to be said of certificates, in whatever form.
namespace gibbon::reports::record {

inline constexpr std::array kVerdicts{"certified", "attacked", "undecided"};
/// Samples of a point by kVerdicts.
[[nodiscard]] std::array<std::uint64_t, 3> counts_of(const CertifiedPoint& point);

/// Quartiles over all samples of one end of the smallest distance.
struct RadiusSummary {
  std::string end;          ///< "certified radius (lower bound)" or "counterexample (upper bound)"
  std::uint64_t known = 0;  ///< of n: the end is no better than nothing for the others
  std::uint64_t n = 0;
  std::array<double, 3> quartiles{};  ///< lower, median, upper; infinity: not found
};
/// Both ends; none unless they were searched.
[[nodiscard]] std::vector<RadiusSummary> radius_summaries(const Certificates& certificates);

/// "At ε = 0.1 (l∞), certified accuracy is 73.8 % (…) …", of the ε at which there is
/// most to see.
[[nodiscard]] std::string certified_answer(const Certificates& certificates);

}  // namespace gibbon::reports::record
