// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>

#include "datasets/dataset.hpp"
#include "eval/sweep/parts.hpp"
#include "models/target.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::sweep {

struct SweepPlan {
  std::vector<Entry> attacks;
  std::vector<attacks::Norm> norms;
  std::vector<double> epsilons;  ///< rising
  std::uint64_t seed = 0;
  std::uint64_t max_queries = 0;  ///< passes one attack may spend on a sample; 0: any number
  bool exhaustive = false;        ///< every attack at every budget, nothing handed on
  std::size_t threads = 1;        ///< changes speed, never results
  std::size_t batch = 256;        ///< samples a worker attacks at a time, at most; likewise
  bool crosscheck = false;        ///< run every pass through LibTorch as well and compare
  bool keep_examples = false;     ///< keep a candidate per sample at the largest budget
  attacks::Limits limits;         ///< of the adversary; see fit_limits()
  std::optional<datasets::Dataset> training;  ///< for attacks that are fitted
};

/// What was kept of each sample at the largest budget: the first success in the order of the
/// entries, else the last candidate of the first entry that is no noise.
struct Examples {
  Tensor points;                       ///< N × D
  std::vector<std::string> broken_by;  ///< attack; empty: none
};

struct SweepResult {
  std::vector<reports::record::CurvePoint> curve;
  std::vector<reports::record::SampleRecord>
      samples;  ///< of the curve's rows but the worst-case ones, in order
  std::vector<reports::record::DistanceSummary> distances;  ///< per pair, then the worst cases
  std::vector<std::string> diagnosis;
  std::vector<Pair> pairs;                  ///< (entry, norm) in order
  std::vector<std::vector<Tally>> tallies;  ///< per pair and member
  Examples examples;                        ///< when plan.keep_examples
  std::size_t clean_correct = 0;
  std::size_t finished = 0;  ///< samples judged: all, or fewer after Ctrl-C
};

/// Where a sweep is: an entry has finished a block, or, with `attack`, one of its attacks was run
/// on samples of one.
struct SweepStatus {
  double share = 0.0;  ///< of the expected cost that is done
  std::string_view entry;
  std::size_t done = 0;      ///< samples the entry is through with
  std::size_t standing = 0;  ///< of `done`: right at the largest budget
  std::size_t total = 0;
  std::size_t blocks = 0;
  std::string_view attack;  ///< empty: the entry finished a block
  std::size_t block = 0;
  std::size_t attacked = 0;  ///< samples
  std::size_t broken = 0;    ///< of them
};
/// Called from any worker, one call at a time.
using SweepProgress = std::function<void(const SweepStatus&)>;

/// Attacks every sample of `data` with every entry in every norm it supports at every ε, and judges
/// what comes back itself, in double: ball, box and label; a candidate outside either counts as not
/// broken.
///
/// Samples that are wrong when clean count as broken everywhere and are not attacked; nor are, by a
/// targeted attack, samples of the target class. Rows of noise and of single-step attacks hold what
/// they do at that very ε; were a row to rise above the one before it, the samples broken at a
/// smaller ε are carried. All other entries keep a ledger (BlockRunner). The "worst-case" row of a
/// norm, there as soon as two entries are, counts a sample as broken from the smallest ε at which
/// anything broke it. So no curve ever rises. The first error of a worker ends the run: a crash is
/// never robustness.
///
/// `parts`, when given, is asked for what an earlier run finished and told what this one does.
[[nodiscard]] SweepResult sweep(const models::Target& target, const datasets::Dataset& data,
                                const SweepPlan& plan, const SweepProgress& progress,
                                PartStore* parts = nullptr);

/// The entries of a plan in every norm they support, in order; members in the order they run.
[[nodiscard]] std::vector<Pair> pairs_of(const SweepPlan& plan, std::size_t classes);

/// What the parts of the sweep look like. `plan` and `data` must outlive it.
[[nodiscard]] PartLayout part_layout(const SweepPlan& plan, const datasets::Dataset& data,
                                     const models::Target& target);

/// The limits for samples of this shape: a number per pixel stands for all its channels. Throws a
/// usage Error when their sizes differ, when nothing is free, or when samples are off the lattice.
[[nodiscard]] attacks::Limits fit_limits(const attacks::Limits& limits,
                                         const datasets::Dataset& data);

/// Lets the attacks that learn do so, for every norm and budget of the plan.
void fit_attacks(const models::Classifier& model, const SweepPlan& plan,
                 const attacks::Limits& limits);

/// Throws a usage Error when an attack supports none of the norms or a target is no class of the
/// data.
void require_runnable(const SweepPlan& plan, const datasets::Dataset& data);

}  // namespace gibbon::eval::sweep
