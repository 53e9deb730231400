// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "models/bounds/region.hpp"

namespace gibbon::eval::verify {

/// A linear statement about the outputs y of a network: Σ_c weights_c y_c + constant > 0.
struct Requirement {
  std::vector<double> weights;  ///< C
  double constant = 0.0;
};

/// Holds at an input where at least one of its requirements does; equality does not hold.
using Clause = std::vector<Requirement>;

/// A ball that inputs must lie in besides the box, in input units: ||(x - centre) / share|| <=
/// radius.
struct BallRegion {
  Norm ball = Norm::kL2;
  std::vector<double> centre;  ///< D
  double radius = 0.0;
  std::vector<float> share;  ///< D, each >= 0; at 0 the box is a point. Empty: 1 for all

  [[nodiscard]] double share_of(std::size_t j) const {
    return share.empty() ? 1.0 : static_cast<double>(share[j]);
  }
};

/// "For all x in the region every clause holds", in input units, before the model's normalisation.
struct Query {
  std::vector<double> lower;  ///< D, finite, lower <= upper
  std::vector<double> upper;  ///< D
  std::optional<BallRegion> ball;
  std::vector<Clause> clauses;
  /// A counterexample has to be a float32 point that is one in float32, too.
  bool single_precision = false;
  /// Moves a candidate of the box to where a counterexample may be; empty: it may stay.
  std::function<void(std::span<double>)> admit;
};

enum class Verdict {
  kRobust,     ///< proved: no point of the region breaks a clause
  kAttacked,   ///< the witness breaks one, replayed in double
  kUndecided,  ///< neither, for the reason given
};

/// Why there is no verdict.
enum class Reason {
  kNone,
  kNodes,       ///< the budget of bound evaluations is spent
  kTime,        ///< the wall clock is; the only reason that depends on the machine's speed
  kResolution,  ///< a smooth activation's interval got too narrow to split further
  kRounding,    ///< bound and counterexample differ by less than their rounding errors
};

/// What a proof holds for. Each includes those before it.
enum class Soundness {
  kReal,     ///< real arithmetic with the weights as stored
  kDouble,   ///< and the judge's forward pass in double, whatever its order of summation
  kFloat32,  ///< and gibbon's inference in float32, whatever its order of summation
};

/// "real", "double", "float32"; throws a usage Error for another name.
[[nodiscard]] Soundness find_soundness(std::string_view name);
[[nodiscard]] std::string_view name_of(Soundness soundness);
/// Largest relative rounding of the arithmetic: 0, 2^-53 or 2^-24.
[[nodiscard]] double unit_of(Soundness soundness);
/// For people: what a proof of this level holds for.
[[nodiscard]] std::string_view meaning_of(Soundness soundness);
/// "nodes", "time", "resolution", "rounding"; empty for kNone.
[[nodiscard]] std::string_view name_of(Reason reason);

struct Limits {
  std::uint64_t nodes = 1'000'000;  ///< of the search tree of each clause; 0: no search
  double seconds = 0.0;             ///< wall clock per query; 0: no limit
  Soundness soundness = Soundness::kDouble;
  std::size_t memory = std::size_t{1} << 30;  ///< bytes that a search keeps open, best first
};

struct Answer {
  Verdict verdict = Verdict::kUndecided;
  Reason reason = Reason::kNone;
  std::vector<double> witness;  ///< D, of kAttacked
  double bound = 0.0;           ///< least lower bound of a clause that was reached
  std::uint64_t nodes = 0;      ///< of the search trees
  std::uint64_t open = 0;       ///< nodes of the search that were left
  std::string_view method;      ///< what decided: "interval", "crown", "alpha", "branch-and-bound"
};

}  // namespace gibbon::eval::verify
