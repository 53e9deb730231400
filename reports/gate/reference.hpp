// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "reports/formats/parse_json.hpp"

namespace gibbon::reports::gate {

/// What an attack did to the samples of the reference network, which never changes: a weaker attack
/// shows here even when model and attack change at the same time.
struct Strength {
  std::string attack;
  std::string norm;
  std::vector<double> epsilons;
  std::vector<std::vector<std::uint8_t>> broken;  ///< per ε and sample: 1 where broken
  std::vector<double> nearest;  ///< smallest distance per sample; infinity where none was found
};

/// What a sweep measures beside its own work, for the gate.
struct Reference {
  double gflops = 0.0;  ///< of the reference workload on one thread, GFLOP/s
  std::vector<Strength> strength;
};

/// The key "reference" of run.json; distances with six digits.
[[nodiscard]] nlohmann::ordered_json to_json(const Reference& reference);

/// What to_json() wrote. Throws Error naming file and key that is missing or damaged.
[[nodiscard]] Reference reference_from(const formats::JsonPart& part);

}  // namespace gibbon::reports::gate
