// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/attack.hpp"
#include "attacks/search/campaign.hpp"

namespace gibbon::attacks::search {

/// What APGD climbs: returns the value, which is only compared, and writes its derivative by the
/// logits (up to a positive factor) over dlogits (C). `target` is for losses that have one.
struct ApgdLoss {
  double (*evaluate)(Row logits, int label, int target, MutableRow dlogits);
  bool logarithmic;  ///< a rise by 1 % of the loss is one by log 1.01 of the value
};

/// Cross-entropy: its logarithm, with the scale-free seed.
[[nodiscard]] ApgdLoss cross_entropy_loss();
/// Difference of logits ratio (apgd_losses.hpp).
[[nodiscard]] ApgdLoss dlr_loss();
[[nodiscard]] ApgdLoss targeted_dlr_loss();

struct ApgdOptions {
  int steps = 100;    ///< N per run
  int restarts = 1;   ///< runs in all; apgd-t: over all targets
  double rho = 0.75;  ///< share of rising steps below which the step is halved
  int eot = 1;        ///< passes a gradient is averaged over
  int schedule = 1;   ///< l1: 3 ε, 2 ε, ε over 30, 30, 40 % of the steps; others take no notice
  std::string_view purpose = {};  ///< key of the random starts

  [[nodiscard]] std::vector<Field> fields();
  [[nodiscard]] double passes_per_run() const { return eot * (2.0 * steps + 1.0); }
};

/// A step after which the step length is looked at, and how many steps after the check before. From
/// Checkpoint() on, next() gives 22, 41, 57, 70, 80, 87, 93, 99 for 100 steps.
struct Checkpoint {
  int step = 0;
  int interval = 0;
  [[nodiscard]] Checkpoint next(int steps) const;
};

/// Auto-PGD (Croce & Hein 2020, arXiv:2003.01690; l1: Croce & Hein 2021, arXiv:2103.01208):
/// ascent with momentum whose step is halved where it stops to pay. Per run and sample steps + 1
/// forward and `steps` backward passes, times `eot`.
class Apgd {
 public:
  /// Takes its scratch from `work`. The options and what the references name must outlive it.
  Apgd(Oracle& oracle, const Problem& problem, Workspace& work, Campaign& campaign,
       const ApgdOptions& options, ApgdLoss loss);

  /// One run (Campaign::each_run()). targets: of all samples of the problem, for losses that have
  /// one; empty otherwise.
  void run(int number, std::span<std::uint32_t> samples, Labels targets);

 private:
  /// One part of a run: all of it but for l1.
  struct Phase {
    double factor;  // of the budget
    int steps;
    bool is_first;
    bool is_last;
  };
  struct State {
    double best;     // highest value of the phase
    double last;     // value at the step before
    double checked;  // `best` at the last checkpoint
    double before;   // `best` when the last tenth of the steps began
    double eta;      // step length in input units
    double changed;  // l1: features changed at the last checkpoint
    double keep;     // l1: features to move in a step
    float margin;    // at the best point, the less the better
    int rises;       // steps since the checkpoint that raised the value
    bool halved;     // at the last checkpoint
    bool known;      // there is a best point
  };
  struct Found {  // at the current point of the k-th sample
    double value;
    float margin;
    bool fooled;
  };

  void start(int number, std::uint32_t sample, MutableRow x) const;
  std::span<std::uint32_t> climb(const Phase& phase, std::span<std::uint32_t> samples,
                                 Labels targets);
  Rows evaluate(Owners samples, Labels targets, bool with_gradient);
  void look(std::size_t k, Row logits, std::uint32_t sample, Labels targets, int pass);
  bool breaks(const Phase& phase, std::size_t k, std::uint32_t sample) const;
  void take_in(const Phase& phase, int step, std::size_t k, std::uint32_t sample, Row gradient);
  bool pays_no_more(State& state, const Checkpoint& check) const;
  bool look_at_sparsity(const Phase& phase, std::uint32_t sample);
  void move(const Phase& phase, int step, std::size_t k, std::uint32_t sample, Row gradient);
  void give_up(std::uint32_t sample);
  template <class Keep>
  std::span<std::uint32_t> keep_if(std::span<std::uint32_t> samples, Keep keep);

  [[nodiscard]] ThreatModel ball(const Phase& phase, std::uint32_t sample) const {
    return {problem_.norm, phase.factor * problem_.epsilons[sample], problem_.domain};
  }

  Oracle& oracle_;
  const Problem& problem_;
  Campaign& campaign_;
  const ApgdOptions& options_;
  ApgdLoss loss_;
  // Rows by place in the run's samples, without gaps, so that nothing is gathered for the model:
  MutableRows x_;
  MutableRows previous_;
  MutableRows mean_gradient_;  // only with eot > 1
  std::span<double> gradient_sum_;
  std::span<Found> found_;
  // By sample:
  MutableRows best_;
  MutableRows best_gradient_;
  std::span<State> state_;
};

}  // namespace gibbon::attacks::search
