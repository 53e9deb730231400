// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "reports/gate/gate.hpp"
#include "reports/record/record_cases.hpp"

// Small runs whose every outcome is given by a distance per sample, for the tests of the gate.
namespace gibbon::reports::gate::cases {

using record::cases::message_of;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Toy {
  std::size_t n = 1000;
  std::string model = "m.onnx";
  std::string sha256 = "old";
  std::vector<double> epsilons{0.0, 0.1, 0.2};
  /// Smallest distance at which "pgd" breaks a sample; 0: wrong when clean. "noise" needs twice it.
  std::function<double(std::size_t)> distance;
};

/// 5 % wrong when clean, 20 % broken at 0.1, half at 0.2.
inline double usual_distance(std::size_t k) {
  const std::size_t rank = k % 100;
  if (rank < 5) return 0.0;
  if (rank < 20) return 0.1;
  return rank < 50 ? 0.2 : kInfinity;
}

inline record::Run run_of(const Toy& toy) {
  record::Run run;
  run.provenance = {{"schema", 1},
                    {"model", {{"name", toy.model}, {"sha256", toy.sha256}, {"parameters", 1000}}},
                    {"data", {{"name", "toy"}, {"split", "test"}, {"sha256", "d"}}},
                    {"configuration", {{"seed", 0}, {"exhaustive", false}, {"max-queries", 0}}},
                    {"environment", {{"kernels", "reference"}}}};
  const auto add_row = [&](const std::string& attack, record::RowKind kind, double epsilon,
                           double factor) {
    record::CurvePoint point{
        .attack = attack, .norm = "linf", .kind = kind, .epsilon = epsilon, .n = toy.n};
    for (std::size_t k = 0; k < toy.n; ++k) {
      const double distance = factor * (toy.distance ? toy.distance(k) : usual_distance(k));
      const bool broken = distance <= epsilon;
      point.clean_correct += distance > 0.0 ? 1 : 0;
      point.correct += broken ? 0 : 1;
      if (kind == record::RowKind::kWorstCase) continue;
      run.samples.push_back({.curve_row = static_cast<std::uint32_t>(run.curve.size()),
                             .id = 100 + k,
                             .label = 1,
                             .clean_label = static_cast<std::int16_t>(distance > 0.0 ? 1 : 0),
                             .fooled = static_cast<std::uint8_t>(broken && distance > 0.0 ? 1 : 0),
                             .broken = static_cast<std::uint8_t>(broken ? 1 : 0),
                             .nearest = distance});
    }
    run.curve.push_back(point);
  };
  for (const double epsilon : toy.epsilons) add_row("pgd", record::RowKind::kAttack, epsilon, 1.0);
  for (const double epsilon : toy.epsilons)
    add_row("noise", record::RowKind::kControl, epsilon, 2.0);
  for (const double epsilon : toy.epsilons)
    add_row("worst-case", record::RowKind::kWorstCase, epsilon, 1.0);
  return run;
}

/// The reference network under one attack: 64 samples, the first `broken` of them broken.
inline Strength strength_of(std::size_t broken) {
  Strength strength{.attack = "pgd", .norm = "linf", .epsilons = {0.04}, .broken = {{}}};
  for (std::size_t k = 0; k < 64; ++k) {
    strength.broken[0].push_back(k < broken ? 1 : 0);
    strength.nearest.push_back(k < broken ? 0.04 : kInfinity);
  }
  return strength;
}

inline Snapshot snapshot(const Toy& toy) {
  Snapshot out = snapshot_of(run_of(toy));
  out.strength = {strength_of(32)};
  out.speed = {{.entry = "pgd linf", .seconds = 2.0, .ratio = 1.0}};
  return out;
}

}  // namespace gibbon::reports::gate::cases
