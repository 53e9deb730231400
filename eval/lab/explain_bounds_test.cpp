// SPDX-License-Identifier: MIT
#include "eval/lab/explain_bounds.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/judge/comparer.hpp"

namespace gibbon::eval::lab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// The last is wrong.
datasets::Dataset points() {
  return judge::pairs(std::vector<std::array<float, 2>>{{0.75F, 0.25F}, {0.25F, 0.5F}});
}

// The margin is x_0 - x_1 = 0.5 itself: in linf it shrinks by 2 ε, in l2 by √2 ε, in l1 by ε.
TEST(ExplainBounds, LinesOfALinearModelAreTheModel) {
  EXPECT_THAT(explain_bounds(judge::comparer(), points(), 0, attacks::Norm::kLinf),
              AllOf(HasSubstr("y0 - y1 ≥ g(x') = c + Σ_j λ_j x'_j, c = +0\n"),
                    HasSubstr("λ[1] = +1 at x = 0.75 → 0.5, λ[2] = -1 at x = 0.25 → 0.5"),
                    HasSubstr("is in [0.24999"), HasSubstr("the network itself has y0 - y1 = +")));
  EXPECT_THAT(explain_bounds(judge::comparer(), points(), 0, attacks::Norm::kL2),
              AllOf(HasSubstr("is in [0.35355"), HasSubstr("λ[2] = -1 at x = 0.25 → 0.5")));
  EXPECT_THAT(explain_bounds(judge::comparer(), points(), 0, attacks::Norm::kL1),
              AllOf(HasSubstr("is in [0.49999"), HasSubstr("λ[1] = +1 at x = 0.75 → 0.25")));
}

TEST(ExplainBounds, SaysWhereThereIsNothingToProve) {
  EXPECT_THAT(explain_bounds(judge::comparer(), points(), 1, attacks::Norm::kLinf),
              HasSubstr("misclassified without perturbation"));
  EXPECT_THAT(explain_bounds(judge::comparer("gelu"), points(), 0, attacks::Norm::kLinf),
              HasSubstr("none: bounds: layer 1: activation gelu has no sound relaxation"));
}

}  // namespace
}  // namespace gibbon::eval::lab
