// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/attack.hpp"

namespace gibbon::attacks::search {

/// What the runs of an iterated attack have in common: which samples are still standing, the best
/// point of each, and what was observed. A run starts from the best point known before
/// (Problem::starts) or from a start of the attack's own, and later runs go to the survivors alone.
class Campaign {
 public:
  /// The number of the run from the points known before; own runs count from 0.
  static constexpr int kKnown = -1;

  /// candidate (N × D) becomes x; samples without budget are never attacked.
  Campaign(const Problem& problem, Workspace& work, MutableRows candidate);

  /// Calls run(number, samples) for kKnown, if there are known points, and for 0 … count - 1, with
  /// the samples that are still standing; the span is the run's to change. Runs before `restarts`
  /// count as the first start. A run says of each sample: broke(), spent() or ended().
  template <class Run>
  void each_run(int count, int restarts, Run run) {
    for (int number = problem_.starts.rows == 0 ? 0 : kKnown; number < count; ++number) {
      is_restart_ = number >= restarts;
      if (const std::span<std::uint32_t> samples = standing(number); !samples.empty()) {
        run(number, samples);
      }
    }
    report();
  }

  /// `point` fools the model: the sample is done with.
  void broke(std::uint32_t sample, Row point);
  /// Likewise of the best point offered.
  void won(std::uint32_t sample);
  /// The sample's query budget is used up: it keeps its best point.
  void spent(std::uint32_t sample) { state_[sample] = State::kOut; }
  /// The run went to its last step in vain; `rising`: the best loss still rose noticeably in the
  /// last tenth of the steps.
  void ended(std::uint32_t sample, bool rising) {
    state_[sample] = rising ? State::kRising : State::kConverged;
  }

  /// Keeps `point` if `margin`, the less the better, is the lowest of the sample so far. The point
  /// is inside ball and box.
  void offer(std::uint32_t sample, Row point, float margin);

 private:
  enum class State : std::uint8_t { kFresh, kConverged, kRising, kOut };

  std::span<std::uint32_t> standing(int number);
  void report() const;

  const Problem& problem_;
  MutableRows candidate_;
  std::span<State> state_;
  std::span<float> margin_;
  std::span<std::uint32_t> samples_;
  bool is_restart_ = false;
};

}  // namespace gibbon::attacks::search
