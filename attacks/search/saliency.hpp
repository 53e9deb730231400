// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

namespace gibbon::attacks::search {

/// What moving one feature one way does, to first order.
struct Move {
  float gain;             ///< to the target's logit
  float loss;             ///< to the sum of the other logits, with its sign turned
  float change;           ///< of the feature's value
  std::uint32_t feature;  ///< kNoFeature in a move that changes nothing
  std::uint32_t fresh;    ///< 1 when the feature has not been changed before
};
constexpr std::uint32_t kNoFeature = 0xFFFFFFFFU;

struct MovePair {
  Move first;
  Move second;
  bool found;  ///< false: no two moves, and none alone, do any good
};

/// JSMA's pair of features: maximises (gain_i + gain_j) · (loss_i + loss_j) over pairs with both
/// sums positive (Papernot et al. 2016, algorithm 3). Where there is no such pair, the one of the
/// largest positive gain_i + gain_j + loss_i + loss_j. Exact: the product is at most
/// ((s_i + s_j) / 2)² for s = gain + loss, so moves are looked at by falling s until that bound is
/// below the best pair. A pair is of different features and counts at most `most_fresh` fresh ones;
/// for most_fresh < 2 the second may be the move that changes nothing. `moves` is reordered.
[[nodiscard]] MovePair best_pair(std::span<Move> moves, std::uint32_t most_fresh);

}  // namespace gibbon::attacks::search
