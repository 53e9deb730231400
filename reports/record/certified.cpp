// SPDX-License-Identifier: MIT
#include "reports/record/certified.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

#include "reports/record/text.hpp"

namespace gibbon::reports::record {
namespace {

double share(std::uint64_t k, std::uint64_t n) {
  return n == 0 ? 0.0 : static_cast<double>(k) / static_cast<double>(n);
}

/// One end of all samples, in order.
RadiusSummary summarise(const Certificates& certificates, std::string end, double unknown,
                        double (*value)(const CertifiedSample&)) {
  RadiusSummary summary{.end = std::move(end), .n = certificates.samples.size()};
  std::vector<double> values;
  for (const CertifiedSample& sample : certificates.samples) values.push_back(value(sample));
  std::ranges::sort(values);
  summary.known = summary.n - static_cast<std::uint64_t>(std::ranges::count(values, unknown));
  for (std::size_t q = 0; q < 3; ++q)
    summary.quartiles.at(q) = quantile(values, 0.25 * static_cast<double>(q + 1));
  return summary;
}

}  // namespace

std::array<std::uint64_t, 3> counts_of(const CertifiedPoint& point) {
  return {point.certified, point.attacked, point.undecided()};
}

std::vector<RadiusSummary> radius_summaries(const Certificates& certificates) {
  if (!certificates.with_radius || certificates.samples.empty()) return {};
  return {summarise(certificates, "certified radius (lower bound)", 0.0,
                    [](const CertifiedSample& s) { return std::max(0.0, s.certified); }),
          summarise(certificates, "counterexample (upper bound)",
                    std::numeric_limits<double>::infinity(),
                    [](const CertifiedSample& s) { return s.attacked; })};
}

std::string certified_answer(const Certificates& certificates) {
  const CertifiedPoint& point = *std::ranges::min_element(
      certificates.curve, {},
      [](const CertifiedPoint& p) { return std::abs(share(p.certified, p.n) - 0.5); });
  const auto rate = [&](std::uint64_t k) {
    const Interval interval = wilson95(k, point.n);
    return fmt::format("{} ({} of {}; 95 % interval {}–{} %)", percent(share(k, point.n)),
                       grouped(k), grouped(point.n), low_end(interval.low),
                       high_end(interval.high));
  };
  const std::string where =
      fmt::format("At ε = {} ({})", epsilon_text(point.epsilon), norm_symbol(certificates.norm));
  if (point.exact())
    return fmt::format("{}, robust accuracy is {}: exact, 0 undecided.", where,
                       rate(point.certified));
  return fmt::format(
      "{}, certified accuracy is {} and robust accuracy is at most {}; {} undecided.", where,
      rate(point.certified), rate(point.standing()), grouped(point.undecided()));
}

}  // namespace gibbon::reports::record
