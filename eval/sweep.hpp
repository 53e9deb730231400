#pragma once

#include <functional>

#include "datasets/dataset.hpp"
#include "eval/attack_spec.hpp"
#include "models/network.hpp"
#include "reports/record.hpp"

namespace gibbon::eval {

struct SweepPlan {
  std::vector<AttackSpec> attacks;
  std::vector<attacks::Norm> norms;
  std::vector<double> epsilons;  ///< rising
  std::uint64_t seed = 0;
  std::size_t threads = 1;  ///< changes speed, never results
  std::size_t batch = 64;   ///< samples a worker attacks at a time; likewise
  bool crosscheck = false;  ///< run every pass through LibTorch as well and compare
};

struct SweepResult {
  std::vector<reports::CurvePoint> curve;
  std::vector<reports::SampleRecord>
      samples;  ///< of the curve's rows but the worst-case ones, in order
  std::vector<std::string> diagnosis;
  std::vector<std::string> pairs;        ///< "attack norm" of each (attack, norm) in order
  std::vector<std::uint64_t> forwards;   ///< rows asked by the attacks, per (attack, norm)
  std::vector<std::uint64_t> backwards;  ///< likewise
  std::size_t finished = 0;              ///< samples judged: all, or fewer after Ctrl-C
};

/// Called after each block with the number of samples done.
using SweepProgress = std::function<void(std::size_t done, std::size_t total)>;

/// Attacks every sample of `data` with every attack × norm it supports × ε and judges what comes
/// back itself, in double: ball, box and label; a candidate outside either counts as not broken.
///
/// Samples that are wrong when clean count as broken everywhere and are not attacked; nor are, by a
/// targeted attack, samples of the target class. Each named row holds what that attack does at that
/// very ε, so that it compares with published counts; were a row to rise above the one before it,
/// the samples broken at a smaller ε are carried. The "worst-case" row of a norm, there as soon as
/// two attacks are, counts a sample as broken from the smallest ε at which anything broke it. So no
/// curve ever rises. The first error of a worker ends the run: a crash is never robustness.
[[nodiscard]] SweepResult sweep(const models::Network& network, const datasets::Dataset& data,
                                const SweepPlan& plan, const SweepProgress& progress);

/// Throws a usage Error when an attack supports none of the norms or a target is no class of the
/// data.
void require_runnable(const SweepPlan& plan, const datasets::Dataset& data);

}  // namespace gibbon::eval
