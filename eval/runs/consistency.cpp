// SPDX-License-Identifier: MIT
#include "eval/runs/consistency.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "base/error.hpp"
#include "eval/certify/band.hpp"
#include "reports/gate/snapshot.hpp"

namespace gibbon::eval::runs {
namespace {

constexpr const char* kRemedy = "the files were edited or do not belong to one run; run it again";

void require_classes(const reports::record::CurvePoint& point) {
  if (point.class_n.empty()) return;
  const auto sum = [](const auto& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  };
  if (sum(point.class_n) == point.n && sum(point.class_correct) == point.correct) return;
  fail_input("run.json: {} {} at ε = {}: its classes do not add up to {} of {}; {}", point.attack,
             point.norm, point.epsilon, point.correct, point.n, kRemedy);
}

/// What the attacks of the run say of the samples, on top of what the certificates do.
void add_attacks(const reports::record::Run& run, const std::string& norm, certify::Band& band) {
  for (std::size_t row = 0; row < run.curve.size(); ++row) {
    if (run.curve[row].norm != norm) continue;
    const auto records = run.records(row);
    for (std::size_t n = 0; n < records.size(); ++n)
      band.attack(n, records[n].nearest, run.curve[row].attack);
  }
}

/// Throws std::logic_error where a proof meets an attack.
void check(const reports::record::Run& run, const reports::record::Certificates& proved) {
  datasets::Dataset samples;
  for (const reports::record::CertifiedSample& s : proved.samples) {
    samples.ids.push_back(s.id);
    samples.labels.push_back(s.label);
  }
  certify::Band band(attacks::find_norm(proved.norm), samples);
  for (std::size_t n = 0; n < proved.samples.size(); ++n) {
    const reports::record::CertifiedSample& s = proved.samples[n];
    band.predict(n, s.predicted);
    if (s.certified >= 0.0) band.certify(n, s.certified, s.method);
    band.attack(n, s.attacked, "a counterexample of certified.json");
  }
  std::vector<double> epsilons;
  for (const reports::record::CertifiedPoint& point : proved.curve)
    epsilons.push_back(point.epsilon);
  const std::vector<reports::record::CertifiedPoint> curve = band.curve(epsilons);
  for (std::size_t k = 0; k < curve.size(); ++k) {
    const reports::record::CertifiedPoint& stated = proved.curve[k];
    if (stated.n == curve[k].n && stated.certified == curve[k].certified &&
        stated.attacked == curve[k].attacked) {
      continue;
    }
    fail_input(
        "certified.json: {} certified and {} attacked of {} at ε = {} ({}), but its samples say {} "
        "and {} of {}; {}",
        stated.certified, stated.attacked, stated.n, stated.epsilon, proved.norm,
        curve[k].certified, curve[k].attacked, curve[k].n, kRemedy);
  }
  const auto right =
      std::ranges::count_if(proved.samples, [](const auto& s) { return s.predicted == s.label; });
  if (static_cast<std::uint64_t>(right) != proved.clean_correct) {
    fail_input("certified.json: {} correct when clean ({}), but its samples say {}; {}",
               proved.clean_correct, proved.norm, right, kRemedy);
  }
  add_attacks(run, proved.norm, band);
}

}  // namespace

void require_consistent(const reports::record::Run& run) {
  if (!run.curve.empty()) static_cast<void>(reports::gate::outcomes_of(run));
  for (const reports::record::CurvePoint& point : run.curve) require_classes(point);
  for (const reports::record::Certificates& proved : run.certificates) {
    try {
      check(run, proved);
    } catch (const std::logic_error& contradiction) {
      fail_input("certified.json: {}; {}", contradiction.what(), kRemedy);
    }
  }
}

}  // namespace gibbon::eval::runs
