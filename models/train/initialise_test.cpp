// SPDX-License-Identifier: MIT
#include "models/train/initialise.hpp"

#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "models/train/schedule.hpp"

namespace gibbon::models::train {
namespace {

using testing::Each;
using testing::ThrowsMessage;

Network fresh(std::vector<std::size_t> widths, std::string_view initialiser,
              std::uint64_t seed = 1) {
  return make_network(widths, make_activation("relu"), Output::kSoftmax,
                      find_initialiser(initialiser), seed);
}

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
  double largest = 0.0;
};

Moments moments(std::span<const float> values) {
  Moments out;
  const auto count = static_cast<double>(values.size());
  for (const float value : values) out.mean += double{value} / count;
  for (const float value : values) {
    out.variance += std::pow(double{value} - out.mean, 2.0) / count;
    out.largest = std::max(out.largest, std::abs(double{value}));
  }
  return out;
}

/// 300 × 100 weights: five standard errors are 5 σ / √30,000 = 0.029 σ for the mean and, for the
/// variance, at most 5 √(2 / 30,000) = 0.041 of it.
void expect_moments(std::string_view initialiser, double variance) {
  const Moments m = moments(fresh({300, 100, 2}, initialiser).layers[0].weight.flat());
  EXPECT_NEAR(m.mean, 0.0, 0.029 * std::sqrt(variance)) << initialiser;
  EXPECT_NEAR(m.variance, variance, 0.041 * variance) << initialiser;
}

TEST(Initialisers, HaveTheMomentsOfTheirPapers) {
  expect_moments("he", 2.0 / 300.0);
  expect_moments("normal", 1.0);
  const double bound = std::sqrt(6.0 / 400.0);
  expect_moments("xavier", bound * bound / 3.0);
  const double largest = moments(fresh({300, 100, 2}, "xavier").layers[0].weight.flat()).largest;
  EXPECT_LE(largest, bound * (1.0 + 0x1p-24));
  EXPECT_GT(largest, 0.99 * bound);
}

TEST(Initialisers, OnlyNormalDrawsBiases) {
  for (const InitialiserInfo& info : initialisers()) {
    const Network network = fresh({5, 2000, 2}, info.name);
    if (info.name == "normal") {
      const Moments m = moments(network.layers[0].bias);
      EXPECT_NEAR(m.mean, 0.0, 5.0 / std::sqrt(2000.0));
      EXPECT_NEAR(m.variance, 1.0, 5.0 * std::sqrt(2.0 / 2000.0));
      EXPECT_NE(network.layers[1].bias[0], network.layers[1].bias[1]);
    } else {
      EXPECT_THAT(network.layers[0].bias, Each(0.0F)) << info.name;
      EXPECT_THAT(network.layers[1].bias, Each(0.0F)) << info.name;
    }
  }
}

TEST(Initialisers, AWeightDependsOnItsSeedAndPlaceAlone) {
  const auto first = [](const Network& network) {
    const auto flat = network.layers[0].weight.flat();
    return std::vector<float>(flat.begin(), flat.end());
  };
  EXPECT_EQ(first(fresh({4, 3, 2}, "he")), first(fresh({4, 3, 9, 9}, "he")));
  EXPECT_NE(first(fresh({4, 3, 2}, "he")), first(fresh({4, 3, 2}, "he", 2)));
  const Network square = fresh({3, 3, 3}, "he");
  EXPECT_FALSE(std::ranges::equal(square.layers[0].weight.flat(), square.layers[1].weight.flat()));
}

TEST(Initialisers, UnknownNamesAreAnswered) {
  EXPECT_THAT(
      [] { static_cast<void>(find_initialiser("xaviar")); },
      ThrowsMessage<Error>("unknown initialiser 'xaviar'; did you mean 'xavier'? known are he, "
                           "normal, xavier"));
}

TEST(Schedules, StartAtOneAndFallAsTheySay) {
  const auto factors = [](std::string_view name) {
    const auto factor = find_schedule(name).factor;
    return std::array{factor(0.0), factor(0.25), factor(0.5), factor(0.75), factor(1.0)};
  };
  EXPECT_EQ(schedules().size(), 4U);
  EXPECT_THAT(factors("constant"), testing::ElementsAre(1.0, 1.0, 1.0, 1.0, 1.0));
  EXPECT_THAT(factors("linear"), testing::ElementsAre(1.0, 0.75, 0.5, 0.25, 0.0));
  EXPECT_THAT(factors("step"), testing::ElementsAre(1.0, 1.0, 0.1, 0.01, 0.01));
  const auto cosine = factors("cosine");
  const std::array want{1.0, 0.5 + std::sqrt(0.125), 0.5, 0.5 - std::sqrt(0.125), 0.0};
  for (std::size_t k = 0; k < want.size(); ++k) EXPECT_NEAR(cosine[k], want[k], 1e-15);
  EXPECT_THAT(
      [] { static_cast<void>(find_schedule("cosin")); },
      ThrowsMessage<Error>("unknown schedule 'cosin'; did you mean 'cosine'? known are constant, "
                           "cosine, linear, step"));
}

}  // namespace
}  // namespace gibbon::models::train
