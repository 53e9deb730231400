// SPDX-License-Identifier: MIT
#include "eval/sweep/clean_doubts.hpp"

#include <array>
#include <functional>
#include <gmock/gmock.h>
#include <numeric>

#include <gtest/gtest.h>

#include "attacks/losses.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::sweep {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::size_t kSide = 8;
constexpr std::size_t kClasses = 5;

/// 8 × 8 grey pictures: class c has rows c and c + 1 bright at the left. A linear model that looks
/// at these rows, and takes (x - shift) / scale first.
class CleanDoubts : public testing::Test {
 protected:
  CleanDoubts() {
    data_ = {.name = "stripes",
             .split = "test",
             .images = {100, kSide * kSide},
             .shape = {kSide, kSide, 1, true},
             .class_names = {"0", "1", "2", "3", "4"}};
    Rng rng(1, 0, "clean-doubts-test");
    for (std::size_t n = 0; n < data_.images.rows(); ++n) {
      const std::size_t label = n * kClasses / data_.images.rows();  // class after class
      data_.labels.push_back(static_cast<int>(label));
      data_.ids.push_back(n);
      for (std::size_t d = 0; d < kSide * kSide; ++d) {
        const std::size_t row = d / kSide;
        const bool bright = (row == label || row == label + 1) && d % kSide < 5;
        data_.images.row(n)[d] = rng.uniform(0.0F, 0.2F) + (bright ? 0.75F : 0.0F);
      }
    }
    const std::array<std::size_t, 2> widths{kSide * kSide, kClasses};
    network_ = models::train::make_network(widths, models::make_activation("identity"),
                                           models::Output::kSoftmax,
                                           models::train::find_initialiser("xavier"), 1);
    models::Dense& layer = network_.layers[0];
    std::ranges::fill(layer.weight.flat(), 0.0F);
    for (std::size_t c = 0; c < kClasses; ++c) {
      for (std::size_t d = 0; d < kSide * kSide; ++d) {
        const std::size_t row = d / kSide;
        if (row == c || row == c + 1) layer.weight.row(c)[d] = 0.1F;
      }
      layer.bias[c] = 0.0F;
    }
  }

  std::vector<std::string> doubts() const {
    return doubt_clean_accuracy(models::Mlp(network_), data_);
  }

  models::Network network_;
  datasets::Dataset data_;
};

TEST_F(CleanDoubts, NoneOfAModelThatIsRight) { EXPECT_THAT(doubts(), IsEmpty()); }

TEST_F(CleanDoubts, NameTheInputsThatTheModelExpects) {
  const Tensor right = data_.images;
  const auto given = [&](const std::function<float(float)>& change) {
    for (std::size_t k = 0; k < right.flat().size(); ++k)
      data_.images.flat()[k] = change(right.flat()[k]);
    return doubts();
  };
  EXPECT_THAT(
      given([](float v) { return 1.0F - v; }),
      ElementsAre(AllOf(HasSubstr("Clean accuracy is 0.0 % (0 of 100; 95 % interval"),
                        HasSubstr("but 100.0 % (100 of 100"), HasSubstr("x is replaced by 1 - x"),
                        HasSubstr("part of the model with --input-range 1,0, or"))));
  for (std::size_t n = 0; n < data_.images.rows(); ++n) {
    for (std::size_t d = 0; d < kSide * kSide; ++d)
      data_.images.row(n)[d] = right.row(n)[d % kSide * kSide + d / kSide];
  }
  EXPECT_THAT(doubts(), ElementsAre(HasSubstr("x with rows and columns exchanged")));
  // A model whose threshold lies at 100: of [0, 1], it answers the last class always.
  data_.images = right;
  models::Dense& layer = network_.layers[0];
  layer.bias[kClasses - 1] = 30.0F;
  for (std::size_t d = 0; d < kSide * kSide; ++d) layer.weight.row(kClasses - 1)[d] = 0.0F;
  EXPECT_THAT(doubts(), ElementsAre(AllOf(HasSubstr("Clean accuracy is 20.0 %"),
                                          HasSubstr("x is replaced by 255 x"),
                                          HasSubstr("with --input-range 0,255, or"))));
  data_.range = {0.0F, 255.0F};
  for (float& value : data_.images.flat()) value *= 255.0F;
  EXPECT_THAT(doubts(), IsEmpty()) << "now as the model wants it";
}

TEST_F(CleanDoubts, NameThePermutationOfTheClasses) {
  for (int& label : data_.labels) label = (label + 2) % 5;
  EXPECT_THAT(doubts(), ElementsAre(AllOf(
                            HasSubstr("Class order: clean accuracy is low, but 100.0 % (50 of 50;"),
                            HasSubstr("permutation 0→3, 1→4, 2→0, 3→1, 4→2"))));
}

TEST_F(CleanDoubts, OfAModelThatGuessesNameTheLikelyCauses) {
  Rng rng(7, 0, "guess");
  for (int& label : data_.labels) label = static_cast<int>(rng.below(kClasses));
  EXPECT_THAT(doubts(), ElementsAre(AllOf(HasSubstr("chance level with 5 classes is 20.0 %"),
                                          HasSubstr("95 % interval"))));
  // Two samples of one class say next to nothing.
  data_ = datasets::take_rows(std::move(data_), std::array<std::size_t, 2>{0, 1});
  EXPECT_THAT(doubts(), Not(testing::Contains(HasSubstr("Class order"))));
}

// 20 samples of each class in order: `right` samples of the first three, the rest of the last two,
// which are exchanged.
TEST_F(CleanDoubts, AnAccuracyThatMayBeEightyPercentIsNotDoubted) {
  const datasets::Dataset all = data_;
  const auto doubts_with = [&](std::size_t right) {
    std::vector<std::size_t> rows;
    for (std::size_t k = 0; k < 100; ++k) rows.push_back(k < right ? k % 60 : 60 + k % 40);
    data_ = datasets::take_rows(all, rows);
    for (int& label : data_.labels) label = label >= 3 ? 7 - label : label;
    return doubts();
  };
  EXPECT_THAT(doubts_with(72), ElementsAre(HasSubstr("permutation 3→4, 4→3"))) << "79.9 % at most";
  EXPECT_THAT(doubts_with(73), IsEmpty()) << "80.7 % at most";
}

TEST_F(CleanDoubts, APermutationNeedsTwentySamplesAndExplainsFourOfFive) {
  for (int& label : data_.labels) label = (label + 2) % 5;
  const datasets::Dataset all = data_;
  const auto of = [&](std::size_t count) {
    std::vector<std::size_t> rows;
    for (std::size_t k = 0; k < count; ++k) rows.push_back(k * 100 / count);
    data_ = datasets::take_rows(all, rows);
    return doubts();
  };
  EXPECT_THAT(of(20), ElementsAre(HasSubstr("Class order")));
  EXPECT_THAT(of(19), Not(testing::Contains(HasSubstr("Class order"))));
  // Of the 50 samples that count, so many have a label of their own.
  const auto spoiled = [&](std::size_t count) {
    data_ = all;
    for (std::size_t k = 0; k < count; ++k) {
      int& label = data_.labels[2 * (k * 50 / count) + 1];
      label = (label + 1) % 5;
    }
    return doubts();
  };
  EXPECT_THAT(spoiled(10), ElementsAre(HasSubstr("80.0 % (40 of 50;")));
  EXPECT_THAT(spoiled(11), Not(testing::Contains(HasSubstr("Class order"))));
}

TEST(Assignment, IsTheBestOfAllPermutations) {
  constexpr std::size_t kSize = 6;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng(seed, 0, "assignment");
    std::vector<double> gains;
    for (std::size_t k = 0; k < kSize * kSize; ++k)
      gains.push_back(static_cast<double>(rng.below(8)));
    const auto sum = [&](const std::vector<std::size_t>& columns) {
      double total = 0.0;
      for (std::size_t r = 0; r < kSize; ++r) total += gains[r * kSize + columns[r]];
      return total;
    };
    std::vector<std::size_t> order(kSize);
    std::iota(order.begin(), order.end(), 0U);
    double best = 0.0;
    do best = std::max(best, sum(order));
    while (std::next_permutation(order.begin(), order.end()));
    std::vector<std::size_t> found = best_assignment(gains, kSize);
    EXPECT_EQ(sum(found), best);
    std::ranges::sort(found);
    std::iota(order.begin(), order.end(), 0U);
    EXPECT_EQ(found, order) << "each column once";
  }
}

}  // namespace
}  // namespace gibbon::eval::sweep
