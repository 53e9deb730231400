// SPDX-License-Identifier: MIT
#include "attacks/threat_model.hpp"

#include "base/error.hpp"
#include "base/row_math.hpp"
#include "base/simd.hpp"

namespace gibbon::attacks {
namespace {

/// previous = x + pull · (v - x) + (1 - pull) · (x - previous).
GIBBON_SIMD void pull_towards(Row v, Row x, float pull, MutableRow previous) {
  const float push = 1.0F - pull;
  for (std::size_t d = 0; d < x.size(); ++d) {
    previous[d] = x[d] + pull * (v[d] - x[d]) + push * (x[d] - previous[d]);
  }
}

}  // namespace

std::vector<Norm> length_norms() {
  std::vector<Norm> lengths;
  for (const NormInfo& norm : norms()) {
    if (!norm.counts) lengths.push_back(norm.norm);
  }
  return lengths;
}

double ThreatModel::reach() const { return epsilon * (1.0 + info_of(norm).rounding); }

double distance(Norm norm, Row origin, Row candidate) {
  return info_of(norm).distance(origin, candidate);
}

double dual_length(Norm norm, Row gradient) { return info_of(norm).dual_length(gradient); }

void project(const ThreatModel& threat, Row origin, MutableRow candidate) {
  info_of(threat.norm).project(threat.epsilon, threat.domain, origin, candidate);
}

void steepest_step(Norm norm, Row gradient, double size, MutableRow candidate) {
  info_of(norm).steepest_step(gradient, size, candidate);
}

void ascend(const ThreatModel& threat, Row origin, Row gradient, double size,
            MutableRow candidate) {
  const NormInfo& norm = info_of(threat.norm);
  if (norm.ascend != nullptr) {
    return norm.ascend(threat.epsilon, threat.domain, origin, gradient, size, candidate);
  }
  norm.steepest_step(gradient, size, candidate);
  norm.project(threat.epsilon, threat.domain, origin, candidate);
}

void ascend_from_origin(const ThreatModel& threat, Row origin, Row gradient, double size,
                        MutableRow candidate) {
  const NormInfo& norm = info_of(threat.norm);
  if (norm.ascend_from_origin != nullptr) {
    return norm.ascend_from_origin(threat.epsilon, threat.domain, origin, gradient, size,
                                   candidate);
  }
  std::ranges::copy(origin, candidate.begin());
  ascend(threat, origin, gradient, size, candidate);
}

void ascend_with_momentum(const ThreatModel& threat, Row origin, Row x, Row gradient, double size,
                          double pull, MutableRow previous) {
  const NormInfo& norm = info_of(threat.norm);
  if (norm.ascend_with_momentum != nullptr) {
    return norm.ascend_with_momentum(threat.epsilon, threat.domain, origin, x, gradient, size, pull,
                                     previous);
  }
  thread_local std::vector<float> v;
  v.assign(x.begin(), x.end());
  ascend(threat, origin, gradient, size, v);
  pull_towards(v, x, static_cast<float>(pull), previous);
  project(threat, origin, previous);
}

void boxed_step(const ThreatModel& threat, Row origin, Row gradient, double direction,
                MutableRow candidate) {
  const NormInfo& norm = info_of(threat.norm);
  if (norm.boxed_step == nullptr) {
    fail_usage("in {} the best step inside ball and box together is not known", norm.name);
  }
  std::ranges::copy(origin, candidate.begin());
  if (linf_length(gradient) == 0.0) return;
  norm.boxed_step(threat.epsilon, threat.domain, origin, gradient, direction, candidate);
}

}  // namespace gibbon::attacks
