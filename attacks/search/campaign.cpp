// SPDX-License-Identifier: MIT
#include "attacks/search/campaign.hpp"

#include <limits>

namespace gibbon::attacks::search {

Campaign::Campaign(const Problem& problem, Workspace& work, MutableRows candidate)
    : problem_(problem),
      candidate_(candidate),
      state_(work.take<State>(problem.size())),
      margin_(work.take<float>(problem.size())),
      samples_(work.take<std::uint32_t>(problem.size())) {
  std::ranges::copy(problem.x.flat(), candidate.data);
  std::ranges::fill(margin_, std::numeric_limits<float>::infinity());
  for (std::size_t n = 0; n < problem.size(); ++n) {
    state_[n] = problem.epsilons[n] > 0.0 ? State::kFresh : State::kOut;
  }
}

std::span<std::uint32_t> Campaign::standing(int number) {
  std::size_t count = 0;
  for (std::uint32_t n = 0; n < problem_.size(); ++n) {
    if (state_[n] == State::kOut) continue;
    if (number == kKnown && std::ranges::equal(problem_.starts.row(n), problem_.x.row(n))) continue;
    samples_[count++] = n;
  }
  return samples_.first(count);
}

void Campaign::broke(std::uint32_t sample, Row point) {
  std::ranges::copy(point, candidate_.row(sample).begin());
  won(sample);
}

void Campaign::won(std::uint32_t sample) {
  state_[sample] = State::kOut;
  if (problem_.seen == nullptr) return;
  ++(is_restart_ ? problem_.seen->restarts : problem_.seen->first_run);
}

void Campaign::offer(std::uint32_t sample, Row point, float margin) {
  if (!(margin < margin_[sample])) return;
  margin_[sample] = margin;
  std::ranges::copy(point, candidate_.row(sample).begin());
}

void Campaign::report() const {
  if (problem_.seen == nullptr) return;
  for (const State state : state_) {
    if (state == State::kConverged || state == State::kRising) ++problem_.seen->exhausted;
    if (state == State::kRising) ++problem_.seen->unconverged;
  }
}

}  // namespace gibbon::attacks::search
