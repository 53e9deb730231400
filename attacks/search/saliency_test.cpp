// SPDX-License-Identifier: MIT
#include "attacks/search/saliency.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace gibbon::attacks::search {
namespace {

double product(const Move& a, const Move& b) {
  const double gain = double{a.gain} + double{b.gain};
  const double loss = double{a.loss} + double{b.loss};
  return gain > 0.0 && loss > 0.0 ? gain * loss : 0.0;
}

/// The best product over all pairs, by trying each.
double slow_best(const std::vector<Move>& moves, std::uint32_t most_fresh) {
  double best = 0.0;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (most_fresh < 2 && moves[i].fresh <= most_fresh) {
      best = std::max(best, product(moves[i], {0.0F, 0.0F, 0.0F, kNoFeature, 0}));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (moves[i].feature == moves[j].feature) continue;
      if (moves[i].fresh + moves[j].fresh > most_fresh) continue;
      best = std::max(best, product(moves[i], moves[j]));
    }
  }
  return best;
}

/// `features` moves up, and down too if `both`; gain and loss share `correlation`.
std::vector<Move> random_moves(std::size_t features, bool both, float correlation, Rng& rng) {
  std::vector<Move> out;
  for (std::uint32_t d = 0; d < features; ++d) {
    const float gain = rng.uniform(-1.0F, 1.0F);
    const float loss = correlation * gain + (1.0F - std::abs(correlation)) * rng.uniform(-1, 1);
    const auto fresh = static_cast<std::uint32_t>(rng.below(2));
    out.push_back({gain, loss, 1.0F, d, fresh});
    if (both)
      out.push_back({-gain * rng.uniform(0, 1), -loss * rng.uniform(0, 1), -1.0F, d, fresh});
  }
  return out;
}

TEST(BestPair, IsTheBestOfAllPairs) {
  for (std::uint64_t id = 0; id < 300; ++id) {
    Rng rng(1, id, "saliency-test");
    for (const float correlation : {-0.9F, 0.0F, 0.9F}) {
      for (const bool both : {false, true}) {
        for (const std::uint32_t most_fresh : {0U, 1U, 2U}) {
          const auto moves = random_moves(2 + rng.below(12), both, correlation, rng);
          auto scratch = moves;
          const MovePair pair = best_pair(scratch, most_fresh);
          const double wanted = slow_best(moves, most_fresh);
          if (wanted == 0.0) continue;  // see the next test
          ASSERT_TRUE(pair.found);
          EXPECT_EQ(product(pair.first, pair.second), wanted);
          EXPECT_NE(pair.first.feature, pair.second.feature);
          EXPECT_LE(pair.first.fresh + pair.second.fresh, most_fresh);
        }
      }
    }
  }
}

TEST(BestPair, WithoutARealPairTheLargestSumCounts) {
  // The target's logit does not depend on x: no gain anywhere.
  std::vector<Move> moves{{0, -1, 1, 0, 1}, {0, 0.5F, 1, 1, 1}, {0, 2, 1, 2, 1}, {0, 1, 1, 3, 1}};
  const MovePair pair = best_pair(moves, 2);
  ASSERT_TRUE(pair.found);
  EXPECT_EQ(pair.first.feature, 2U);
  EXPECT_EQ(pair.second.feature, 3U);
}

TEST(BestPair, OneFreshFeatureLeftIsMovedAlone) {
  std::vector<Move> moves{{1, 1, 1, 0, 1}, {3, 2, 1, 1, 1}, {2, 2, 1, 2, 1}};
  const MovePair pair = best_pair(moves, 1);
  ASSERT_TRUE(pair.found);
  EXPECT_EQ(pair.first.feature, 1U);
  EXPECT_EQ(pair.second.feature, kNoFeature);
}

TEST(BestPair, NothingToGainIsNoPair) {
  std::vector<Move> moves{{-1, -1, 1, 0, 1}, {-1, 0.5F, 1, 1, 1}};
  EXPECT_FALSE(best_pair(moves, 2).found);
  EXPECT_FALSE(best_pair({}, 2).found);
}

TEST(BestPair, AFeatureIsNoPairWithItself) {
  std::vector<Move> moves{{1, 1, 1, 0, 0}, {0.5F, 0.5F, -1, 0, 0}};
  EXPECT_FALSE(best_pair(moves, 2).found);
}

TEST(BestPair, TheOrderOfTheMovesDoesNotMatter) {
  Rng rng(2, 0, "saliency-test");
  for (int k = 0; k < 100; ++k) {
    auto moves = random_moves(20, true, 0.5F, rng);
    auto turned = moves;
    shuffle(turned, rng);
    const MovePair a = best_pair(moves, 2);
    const MovePair b = best_pair(turned, 2);
    EXPECT_EQ(a.first.feature, b.first.feature);
    EXPECT_EQ(a.second.feature, b.second.feature);
  }
}

}  // namespace
}  // namespace gibbon::attacks::search
