// SPDX-License-Identifier: MIT
#include "attacks/search/saliency.hpp"

#include <algorithm>

namespace gibbon::attacks::search {
namespace {

double worth(const Move& move) { return double{move.gain} + double{move.loss}; }

/// Of less worth; ties go to the lower feature, so that the order of `moves` does not matter.
bool behind(const Move& a, const Move& b) {
  const double worth_a = worth(a);
  const double worth_b = worth(b);
  return worth_a != worth_b ? worth_a < worth_b : a.feature > b.feature;
}

/// The moves by falling worth, sorted only as far as anybody looks: a heap at the front whose
/// largest entries go one by one to the back.
class Falling {
 public:
  explicit Falling(std::span<Move> moves) : moves_(moves), left_(moves.size()) {
    std::ranges::make_heap(moves_, behind);
  }
  [[nodiscard]] bool has(std::size_t k) const { return k < moves_.size(); }
  const Move& operator[](std::size_t k) {
    while (moves_.size() - left_ <= k) {
      std::ranges::pop_heap(moves_.first(left_), behind);
      --left_;
    }
    return moves_[moves_.size() - 1 - k];
  }

 private:
  std::span<Move> moves_;
  std::size_t left_;
};

}  // namespace

MovePair best_pair(std::span<Move> moves, std::uint32_t most_fresh) {
  constexpr Move kNothing{0.0F, 0.0F, 0.0F, kNoFeature, 0};
  MovePair best{kNothing, kNothing, false};
  MovePair fallback = best;
  double best_product = 0.0;
  double best_sum = 0.0;
  const auto look = [&](const Move& a, const Move& b) {
    if (a.feature == b.feature || a.fresh + b.fresh > most_fresh) return;
    const double gain = double{a.gain} + double{b.gain};
    const double loss = double{a.loss} + double{b.loss};
    if (gain > 0.0 && loss > 0.0 && gain * loss > best_product) {
      best_product = gain * loss;
      best = {a, b, true};
    }
    if (gain + loss > best_sum) {
      best_sum = gain + loss;
      fallback = {a, b, true};
    }
  };
  const auto hopeless = [&](double sum) { return sum <= 0.0 || 0.25 * sum * sum <= best_product; };
  Falling falling(moves);
  for (std::size_t i = 0; falling.has(i); ++i) {
    const Move a = falling[i];
    if (hopeless(2.0 * worth(a))) break;
    if (most_fresh < 2) look(a, kNothing);
    for (std::size_t j = i + 1; falling.has(j); ++j) {
      const Move& b = falling[j];
      if (hopeless(worth(a) + worth(b))) break;
      look(a, b);
    }
  }
  return best.found ? best : fallback;
}

}  // namespace gibbon::attacks::search
