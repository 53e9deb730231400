// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/attack.hpp"

namespace gibbon::attacks::search {

/// How a step of projected ascent comes about: what tells PGD, BIM and MI-FGSM apart.
class StepRule {
 public:
  StepRule() = default;
  StepRule(const StepRule&) = delete;
  StepRule& operator=(const StepRule&) = delete;
  virtual ~StepRule() = default;
  /// A run of this sample starts.
  virtual void begin(std::uint32_t /*sample*/) {}
  /// Moves x (D), a point inside ball and box, to the next one; gradient (D) is that of the
  /// scale-free loss.
  virtual void step(std::uint32_t sample, Row gradient, MutableRow x) = 0;
};

enum class Start { kInput, kRandom };

/// When a run is over for a sample: with its first success, or with its last step, which hands over
/// the point of the lowest margin.
enum class Stop { kFirstSuccess, kLastStep };

struct IterateOptions {
  int steps = 10;                 ///< T per run
  int restarts = 1;               ///< runs in all; from the second on they start at random
  Start start = Start::kInput;    ///< of the first run
  std::string_view purpose = {};  ///< key of the random starts
  Stop stop = Stop::kFirstSuccess;
};

/// Projected ascent (Kurakin et al. 2017, arXiv:1607.02533; Madry et al. 2018, arXiv:1706.06083):
/// steps + 1 forward and `steps` backward passes per run and sample. candidate (N × D) is
/// overwritten with the first misclassified point or the one of the lowest margin, as `stop` has
/// it.
void iterate(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows candidate,
             const IterateOptions& options, StepRule& rule);

/// The rule of PGD and BIM: a share of the sample's budget along the norm's steepest direction,
/// then projection. l1: spread over the D / 100 largest entries (sparse_step()), as one coordinate
/// per step is too slow.
class ProjectedStep final : public StepRule {
 public:
  ProjectedStep(const Problem& problem, double share) : problem_(problem), share_(share) {}
  void step(std::uint32_t sample, Row gradient, MutableRow x) override;

 private:
  const Problem& problem_;
  double share_;
};

}  // namespace gibbon::attacks::search
