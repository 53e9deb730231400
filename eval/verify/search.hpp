// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/deadline.hpp"
#include "eval/verify/dual.hpp"
#include "eval/verify/replay.hpp"
#include "eval/verify/tighten.hpp"

namespace gibbon::eval::verify {

/// One clause in one region: what a branch and bound works on. The references outlive it.
struct SearchProblem {
  const LocalNetwork& network;
  const Query& query;
  const Replay& replay;
  std::span<const Form> forms;      ///< of the clause's requirements
  std::span<const double> targets;  ///< a form is proved once its bound exceeds this
};

/// Where a search starts: the whole region.
struct SearchRoot {
  std::shared_ptr<const Intervals> intervals;
  std::shared_ptr<const Choices> choices;
};

struct SearchLimits {
  std::uint64_t nodes = 0;
  Deadline deadline;
  std::size_t threads = 1;
  std::size_t memory = 0;  ///< bytes of open nodes kept best first
};

/// Branch and bound, best first: the nodes with the least bounds are split at the neuron that
/// matters most, hinges at 0, smooth activations inside their interval. A fixed number of nodes is
/// taken at a time, so the tree does not depend on threads. Once the open nodes fill the memory
/// they are finished newest first, which needs no more of it. Where all hinges are decided a linear
/// program completes the leaf.
[[nodiscard]] Answer search(const SearchProblem& problem, const SearchRoot& root,
                            const SearchLimits& limits);

}  // namespace gibbon::eval::verify
