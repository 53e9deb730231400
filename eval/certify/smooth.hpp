// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include "datasets/dataset.hpp"
#include "models/target.hpp"
#include "reports/record/smoothed.hpp"

// Randomised smoothing: certificates, in l2 and with a probability, of another classifier than the
// model itself. Nothing here belongs to the model's own band.
namespace gibbon::eval::certify {

struct SmoothPlan {
  double sigma = 0.25;           ///< of the noise, in input units; > 0
  std::size_t n0 = 100;          ///< draws that choose the class
  std::size_t n = 100000;        ///< other draws, that bound its probability
  double alpha = 0.001;          ///< a sample's certificate is wrong with at most this probability
  std::vector<double> epsilons;  ///< l2, rising
  std::uint64_t seed = 0;
  std::size_t threads = 1;  ///< changes speed, never results
};

struct SmoothResult {
  std::vector<reports::record::SmoothedSample> samples;  ///< per sample of the data
  std::vector<reports::record::SmoothedPoint> curve;     ///< per ε
};

/// Samples that are through, of all. Called from any worker, one call at a time.
using SmoothProgress = std::function<void(std::size_t done, std::size_t total)>;

/// CERTIFY of Cohen et al. 2019, arXiv:1902.02918, for every sample: g(x) = the class that f(x + σ
/// N(0, I)) most often is. The top class of n0 draws is counted in n others; its probability is at
/// least p with confidence 1 - α (Clopper & Pearson); g is that class within σ Φ⁻¹(p) of x in l2 if
/// p > 1/2, and the sample abstains otherwise. Noise leaves the range of the data.
///
/// Noise is keyed by (seed, sample id); f is the float32 forward pass. Throws Interrupted after
/// Ctrl-C.
[[nodiscard]] SmoothResult smooth(const models::Target& target, const datasets::Dataset& data,
                                  const SmoothPlan& plan, const SmoothProgress& progress);

/// The largest p below which `hits` of n or more are seen with probability <= alpha: a lower bound
/// of the hits' probability with confidence 1 - alpha, one-sided. Clopper & Pearson 1934.
[[nodiscard]] double probability_at_least(std::size_t hits, std::size_t n, double alpha);

/// σ Φ⁻¹(p), or 0 for p <= 1/2.
[[nodiscard]] double smoothed_radius(double sigma, double p);

}  // namespace gibbon::eval::certify
