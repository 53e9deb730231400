// SPDX-License-Identifier: MIT
#include "attacks/search/sparse_step.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace gibbon::attacks::search {
namespace {

using testing::ElementsAre;

std::vector<float> stepped(const std::vector<float>& gradient, double size, std::size_t keep,
                           Box box = kEverywhere, std::vector<float> from = {}) {
  if (from.empty()) from.resize(gradient.size());
  sparse_step(gradient, size, keep, box, from);
  return from;
}

TEST(SparseStep, MovesTheLargestEntriesByEqualShares) {
  EXPECT_THAT(stepped({0.1F, -3.0F, 2.0F, 0.5F}, 1.0, 2), ElementsAre(0, -0.5F, 0.5F, 0));
  EXPECT_THAT(stepped({0.1F, -3.0F, 2.0F, 0.5F}, -1.0, 2), ElementsAre(0, 0.5F, -0.5F, 0));
  EXPECT_THAT(stepped({0.1F, -3.0F, 2.0F, 0.5F}, 1.0, 1), ElementsAre(0, -1.0F, 0, 0));
  EXPECT_THAT(stepped({0.1F, -3.0F, 2.0F, 0.5F}, 1.0, 0), ElementsAre(0, -1.0F, 0, 0));
}

TEST(SparseStep, SharesTiesAndLeavesZerosOut) {
  EXPECT_THAT(stepped({2.0F, -2.0F, 2.0F, -2.0F}, 1.0, 3), ElementsAre(.25F, -.25F, .25F, -.25F));
  EXPECT_THAT(stepped({0.0F, -2.0F, 0.0F, 1e-44F}, 1.0, 4), ElementsAre(0, -0.5F, 0, 0.5F));
  EXPECT_THAT(stepped({0.0F, 0.0F}, 1.0, 1), ElementsAre(0, 0));
}

TEST(SparseStep, SkipsWhatCannotMove) {
  const Box box{0.0F, 1.0F};
  EXPECT_THAT(stepped({5.0F, 4.0F, -3.0F, 2.0F}, 0.5, 1, box, {1.0F, 0.5F, 0.0F, 0.5F}),
              ElementsAre(1.0F, 1.0F, 0.0F, 0.5F));
  // Going the other way, other coordinates are stuck.
  EXPECT_THAT(stepped({5.0F, 4.0F, -3.0F, 2.0F}, -0.5, 2, box, {1.0F, 0.0F, 1.0F, 0.5F}),
              ElementsAre(0.75F, 0.0F, 1.0F, 0.25F));
}

TEST(SparseStep, FindsAsManyAsSortingDoes) {
  Rng rng(1, 0, "sparse-step-test");
  for (std::size_t size = 1; size < 70; ++size) {
    std::vector<float> gradient(size);
    for (float& g : gradient) {
      g = static_cast<float>(std::exp(20.0 * rng.normal()) * (rng.below(2) == 0 ? 1.0 : -1.0));
    }
    std::vector<float> sorted;
    for (const float g : gradient) sorted.push_back(std::abs(g));
    std::ranges::sort(sorted, std::greater());
    for (std::size_t keep = 1; keep <= size; ++keep) {
      const std::vector<float> out = stepped(gradient, 1.0, keep);
      for (std::size_t d = 0; d < size; ++d) {
        const bool moves = std::abs(gradient[d]) >= sorted[keep - 1];
        const double share = moves ? 1.0 / static_cast<double>(keep) : 0.0;
        EXPECT_EQ(out[d], static_cast<float>(std::copysign(share, gradient[d])));
      }
    }
  }
}

}  // namespace
}  // namespace gibbon::attacks::search
