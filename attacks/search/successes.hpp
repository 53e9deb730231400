// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/attack.hpp"

namespace gibbon::attacks::search {

/// Nearest with a copy of every point, which it does not keep of those outside the ball.
class Successes {
 public:
  Successes(const Problem& problem, Workspace& work, MutableRows candidate)
      : nearest_(problem, work, candidate), best_(work.rows(problem.size(), problem.x.cols)) {}

  /// As Nearest::offer().
  bool offer(std::size_t sample, Row point) {
    if (!nearest_.offer(sample, point)) return false;
    std::ranges::copy(point, best_.row(sample).begin());
    return true;
  }
  [[nodiscard]] double distance(std::size_t sample) const { return nearest_.distance(sample); }
  [[nodiscard]] bool found(std::size_t sample) const { return std::isfinite(distance(sample)); }
  /// Nothing left to look for: the budget is met, or x itself fools the model.
  [[nodiscard]] bool done(std::size_t sample) const {
    return nearest_.reached(sample) || nearest_.distance(sample) == 0.0;
  }
  /// The nearest one; unspecified when there is none.
  [[nodiscard]] Row best(std::size_t sample) const { return best_.row(sample); }

 private:
  Nearest nearest_;
  MutableRows best_;  // N × D
};

/// Offers those points (N × D, rows of all samples) of the active samples that fool the model. One
/// forward pass for those that can afford it.
void offer_where_fooled(Oracle& oracle, const Problem& problem, Active& active, Rows points,
                        Successes& successes);

/// Halvings of the way back: to a thousandth of it.
inline constexpr int kShrinkRounds = 10;

/// Draws every success that is not done() back towards x: kShrinkRounds times the middle between
/// the last failure and the nearest success on the segment is tried and, where it fools the model,
/// offered. l0: of the changes only the largest are kept, and their number is halved likewise. What
/// was found can only become nearer. One forward pass per round.
void shrink(Oracle& oracle, const Problem& problem, Workspace& work, Successes& successes);

}  // namespace gibbon::attacks::search
