// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

// Both edges of robust accuracy: what was proved, and what a counterexample refuted.
namespace gibbon::reports::record {

/// One point of the band. Every sample is certified, attacked or undecided.
struct CertifiedPoint {
  double epsilon = 0.0;
  std::uint64_t n = 0;
  std::uint64_t certified = 0;  ///< of n
  std::uint64_t attacked = 0;   ///< of n; clean errors are

  [[nodiscard]] std::uint64_t undecided() const { return n - certified - attacked; }
  [[nodiscard]] std::uint64_t standing() const { return n - attacked; }  ///< the upper edge
  [[nodiscard]] bool exact() const { return undecided() == 0; }
};

/// What is known of one sample: its smallest distance lies above `certified` and is at most
/// `attacked`.
struct CertifiedSample {
  std::uint64_t id = 0;
  int label = -1;
  int predicted = -1;
  double certified = -1.0;  ///< largest ε proved robust; -1: none
  /// Smallest distance of a counterexample that the judge confirmed; 0 for clean errors.
  double attacked = std::numeric_limits<double>::infinity();
  /// Least lower bound of the margin at the smallest undecided ε; NaN: none is undecided.
  double bound = std::numeric_limits<double>::quiet_NaN();
  std::string reason;  ///< why it is undecided: "nodes", "time", "resolution", "rounding"; or empty
  std::string method;  ///< what proved `certified`: "interval", "crown", "alpha",
                       ///< "branch-and-bound"; empty: nothing is proved
  std::uint64_t nodes = 0;  ///< bound evaluations spent
};

/// The band of a run in one norm.
struct Certificates {
  nlohmann::ordered_json provenance;  ///< how it was made: command, limits, environment, …
  std::string norm;
  std::string level;  ///< of soundness: what the proofs hold for
  std::uint64_t clean_correct = 0;
  bool with_radius = false;           ///< both ends were searched, not only asked at the budgets
  std::vector<CertifiedPoint> curve;  ///< rising ε
  std::vector<CertifiedSample> samples;
};

}  // namespace gibbon::reports::record
