// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include "attacks/limits.hpp"
#include "datasets/dataset.hpp"
#include "eval/verify/query.hpp"
#include "models/bounds/region.hpp"
#include "models/network.hpp"
#include "reports/record/certified.hpp"

namespace gibbon::eval::certify {

/// Throws a usage Error for l0, in which nothing can be certified.
[[nodiscard]] Norm ball_of(attacks::Norm norm);

/// Whether an input may leave the data's valid range.
enum class Clip { kToRange, kNone };

/// kBisect: for every sample also between and beyond the budgets, the largest radius that can be
/// certified, within 1e-5 of it.
enum class Radius { kOfCurve, kBisect };

/// What is asked where nobody says: smaller than what attacks get, for proofs end earlier.
[[nodiscard]] std::vector<double> usual_epsilons(attacks::Norm norm, std::size_t features);

struct CertifyPlan {
  attacks::Norm norm = attacks::Norm::kLinf;
  std::vector<double> epsilons;  ///< rising
  Clip clip = Clip::kToRange;
  Radius radius = Radius::kOfCurve;
  attacks::Limits adversary;  ///< what it may do beside ball and range; scale: none or D numbers
  /// Per sample the smallest distance in `norm` at which it is known to break: what a sweep found.
  /// Infinity: none known; empty: of no sample.
  std::vector<double> attacked;
  verify::Limits limits;
  std::size_t threads = 1;  ///< changes speed, never results
};

/// A counterexample that the proof itself came upon.
struct Witness {
  std::size_t sample = 0;  ///< of the data
  double epsilon = 0.0;    ///< the budget that was asked for; x is no farther away
  double distance = 0.0;   ///< of x in the plan's norm, as the adversary's scale has it
  std::vector<float> x;
};

struct CertifyResult {
  std::vector<reports::record::CertifiedPoint> curve;     ///< per ε
  std::vector<reports::record::CertifiedSample> samples;  ///< per sample of the data
  std::vector<Witness> witnesses;  ///< the nearest one of a sample, by sample
  std::size_t clean_correct = 0;
};

/// Samples that are through, of all. Called from any worker, one call at a time.
using CertifyProgress = std::function<void(std::size_t done, std::size_t total)>;

/// Decides for every sample and ε whether an input within ε can have another answer: backward
/// linear bounds (CROWN) and intervals first, then attack, optimised bounds and branch and bound on
/// what they leave open. Budgets are halved between what is certified and what is attacked; what
/// is certified at an ε is so at every smaller one, and a counterexample counts at its own distance
/// and above, once the judge has confirmed it. Samples that are wrong when clean are attacked at 0.
/// The regions contain all that judge and attacks call inside: balls of (x' - x) / scale under a
/// scale of the adversary, and no farther than the last multiple of its lattice.
///
/// Throws what Bounder throws, and a usage Error for l0, which has no bounds. Throws Interrupted
/// after Ctrl-C.
[[nodiscard]] CertifyResult certify(const models::Network& network, const datasets::Dataset& data,
                                    const CertifyPlan& plan, const CertifyProgress& progress);

}  // namespace gibbon::eval::certify
