// SPDX-License-Identifier: MIT
#include "reports/page/page_band.hpp"

#include <algorithm>
#include <cmath>

#include "reports/record/certified.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::page {
namespace {

using Json = nlohmann::ordered_json;

/// How much of a distribution over ε is drawn: shares at kRadii + 1 places.
constexpr std::size_t kRadii = 200;

/// Samples that may be broken within a distance, and those that are, from 0 to where nothing
/// changes any more.
Json radii_json(const record::Certificates& certificates) {
  std::vector<double> certified;
  std::vector<double> attacked;
  double largest = certificates.curve.back().epsilon;
  for (const record::CertifiedSample& s : certificates.samples) {
    // Nothing has to be proved at 0, where only clean errors are broken.
    certified.push_back(s.predicted == s.label ? std::max(0.0, s.certified) : -1.0);
    attacked.push_back(s.attacked);
    largest = std::max({largest, s.certified, std::isfinite(s.attacked) ? s.attacked : 0.0});
  }
  std::ranges::sort(certified);
  std::ranges::sort(attacked);
  const auto up_to = [](const std::vector<double>& sorted, auto end) {
    return end - sorted.begin();
  };
  Json may = Json::array();
  Json are = Json::array();
  for (std::size_t k = 0; k <= kRadii; ++k) {
    const double at = largest * static_cast<double>(k) / static_cast<double>(kRadii);
    may.push_back(up_to(certified, std::ranges::lower_bound(certified, at)));
    are.push_back(up_to(attacked, std::ranges::upper_bound(attacked, at)));
  }
  const std::vector<record::RadiusSummary> ends = record::radius_summaries(certificates);
  const auto median = [](const record::RadiusSummary& end) {
    return std::isfinite(end.quartiles[1]) ? Json(end.quartiles[1]) : Json(nullptr);
  };
  return {{"largest", largest},
          {"may", may},
          {"are", are},
          {"medians", {median(ends[0]), median(ends[1])}}};
}

}  // namespace

Json band_json(const record::Certificates& certificates) {
  Json json{{"attack", "certified"},
            {"name", "certified"},
            {"norm", certificates.norm},
            {"symbol", record::norm_symbol(certificates.norm)},
            {"kind", record::RowKind::kCertified},
            {"points", Json::array()}};
  for (const record::CertifiedPoint& point : certificates.curve) {
    const record::Interval interval = record::wilson95(point.certified, point.n);
    const record::Interval attacked = record::wilson95(point.attacked, point.n);
    json["points"].push_back(
        {{"e", point.epsilon},
         {"text", record::epsilon_text(point.epsilon)},
         {"n", point.n},
         {"k", point.certified},
         {"low", interval.low},
         {"high", interval.high},
         {"attacked",
          {{"k", point.attacked}, {"n", point.n}, {"low", attacked.low}, {"high", attacked.high}}},
         {"undecided", point.undecided()}});
  }
  if (certificates.with_radius) json["radii"] = radii_json(certificates);
  return json;
}

}  // namespace gibbon::reports::page
