// SPDX-License-Identifier: MIT
#include "eval/certify/band.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace gibbon::eval::certify {

Band::Band(attacks::Norm norm, const datasets::Dataset& data)
    : norm_(norm), range_(data.range), samples_(data.size()), attackers_(data.size()) {
  for (std::size_t n = 0; n < data.size(); ++n) {
    samples_[n].id = data.ids[n];
    samples_[n].label = data.labels[n];
  }
}

void Band::predict(std::size_t sample, int label) {
  samples_[sample].predicted = label;
  if (label != samples_[sample].label) attack(sample, 0.0, "no attack at all");
}

void Band::certify(std::size_t sample, double epsilon, std::string_view method) {
  reports::record::CertifiedSample& s = samples_[sample];
  if (epsilon <= s.certified) return;
  s.certified = epsilon;
  s.method = method;
  require_apart(sample);
}

void Band::attack(std::size_t sample, double distance, std::string_view by) {
  reports::record::CertifiedSample& s = samples_[sample];
  if (!(distance < s.attacked)) return;
  s.attacked = distance;
  attackers_[sample] = by;
  require_apart(sample);
}

void Band::leave(std::size_t sample, double bound, std::string_view reason) {
  samples_[sample].bound = bound;
  samples_[sample].reason = reason;
}

// Certified at ε is proved, and attacked at ε is judged, for all within the threat model's reach.
double Band::reach(double epsilon) const {
  return attacks::ThreatModel{norm_, epsilon, range_}.reach();
}

bool Band::certified(std::size_t sample, double epsilon) const {
  return samples_[sample].certified >= epsilon;
}

bool Band::attacked(std::size_t sample, double epsilon) const {
  return samples_[sample].attacked <= reach(epsilon);
}

void Band::require_apart(std::size_t sample) const {
  const reports::record::CertifiedSample& s = samples_[sample];
  if (s.certified < 0.0 || s.attacked > reach(s.certified)) return;
  throw std::logic_error(fmt::format(
      "image {}: certified at ε = {} ({}) by {}, yet {} changes the prediction at distance "
      "{}; one of the two is wrong, so no number of this run can be trusted",
      s.id, s.certified, attacks::to_string(norm_), s.method, attackers_[sample], s.attacked));
}

std::vector<reports::record::CertifiedPoint> Band::curve(std::span<const double> epsilons) const {
  std::vector<reports::record::CertifiedPoint> points;
  for (const double epsilon : epsilons) {
    reports::record::CertifiedPoint& point = points.emplace_back();
    point = {.epsilon = epsilon, .n = samples_.size()};
    for (std::size_t n = 0; n < samples_.size(); ++n) {
      point.certified += certified(n, epsilon) ? 1U : 0U;
      point.attacked += attacked(n, epsilon) ? 1U : 0U;
    }
  }
  return points;
}

}  // namespace gibbon::eval::certify
