#include "eval/explain_bounds.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "models/train/initialise.hpp"

namespace gibbon::eval {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Two features, two classes: the answer is whether x_0 > x_1.
models::Network comparer(const std::string& activation = "identity") {
  models::Network network =
      models::make_network(std::vector<std::size_t>{2, 2}, models::make_activation("identity"),
                           models::Output::kSoftmax, models::find_initialiser("xavier"), 1);
  network.layers[0].weight.row(0)[0] = network.layers[0].weight.row(1)[1] = 1.0F;
  network.layers[0].weight.row(0)[1] = network.layers[0].weight.row(1)[0] = 0.0F;
  network.layers[0].bias = {0.0F, 0.0F};
  network.layers[0].activation = models::make_activation(activation);
  return network;
}

datasets::Dataset points() {
  datasets::Dataset data;
  data.images = Tensor(2, 2);
  std::ranges::copy(std::vector<float>{0.75F, 0.25F, 0.25F, 0.5F}, data.images.flat().begin());
  data.labels = {0, 0};  // the last is wrong
  data.ids = {4, 7};
  data.shape = {.height = 1, .width = 2, .channels = 1};
  data.class_names = {"a", "b"};
  return data;
}

// The margin is x_0 - x_1 = 0.5 itself: in linf it shrinks by 2 ε, in l2 by √2 ε, in l1 by ε.
TEST(ExplainBounds, LinesOfALinearModelAreTheModel) {
  EXPECT_THAT(explain_bounds(comparer(), points(), 0, attacks::Norm::kLinf),
              AllOf(HasSubstr("y0 - y1 ≥ g(x') = c + Σ_j λ_j x'_j, c = +0\n"),
                    HasSubstr("λ[1] = +1 at x = 0.75 → 0.5, λ[2] = -1 at x = 0.25 → 0.5"),
                    HasSubstr("is in [0.24999"), HasSubstr("the network itself has y0 - y1 = +")));
  EXPECT_THAT(explain_bounds(comparer(), points(), 0, attacks::Norm::kL2),
              AllOf(HasSubstr("is in [0.35355"), HasSubstr("λ[2] = -1 at x = 0.25 → 0.5")));
  EXPECT_THAT(explain_bounds(comparer(), points(), 0, attacks::Norm::kL1),
              AllOf(HasSubstr("is in [0.49999"), HasSubstr("λ[1] = +1 at x = 0.75 → 0.25")));
}

TEST(ExplainBounds, SaysWhereThereIsNothingToProve) {
  EXPECT_THAT(explain_bounds(comparer(), points(), 1, attacks::Norm::kLinf),
              HasSubstr("the answer is wrong as it is"));
  EXPECT_THAT(explain_bounds(comparer("gelu"), points(), 0, attacks::Norm::kLinf),
              HasSubstr("none: bounds: layer 1: activation gelu has no sound relaxation"));
}

}  // namespace
}  // namespace gibbon::eval
