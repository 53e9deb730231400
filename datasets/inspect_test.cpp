// SPDX-License-Identifier: MIT
#include "datasets/inspect.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "datasets/pixels.hpp"

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// 40 random pictures in [0, top] of four classes that take turns.
Dataset pictures(float top = 1.0F, std::size_t side = 8) {
  constexpr std::size_t kN = 40;
  Dataset data{.images = Tensor(kN, side * side),
               .ids = positions(kN),
               .shape = {side, side, 1, true},
               .class_names = {"a", "b", "c", "d"}};
  Rng rng(1, 0, "inspect-test");
  for (float& value : data.images.flat())
    value = top * static_cast<float>(rng.below(1000)) / 999.0F;
  for (std::size_t n = 0; n < kN; ++n) data.labels.push_back(static_cast<int>(n % 4));
  return data;
}

void copy_row(Dataset& data, std::size_t from, std::size_t to) {
  std::ranges::copy(std::as_const(data.images).row(from), data.images.row(to).begin());
}

TEST(Inspect, FindsNothingInGoodData) { EXPECT_THAT(doubts_about(pictures()), IsEmpty()); }

TEST(Inspect, FindsSamplesOfOneColourAndTwins) {
  Dataset data = pictures();
  std::ranges::fill(data.images.row(5), 0.25F);
  copy_row(data, 0, 8);  // the same class
  copy_row(data, 0, 9);  // another one
  EXPECT_THAT(
      doubts_about(data),
      ElementsAre(HasSubstr("1 of 40 samples have the same value everywhere, first sample 5"),
                  HasSubstr("2 of 40 samples are equal to an earlier one, e.g. 0 and 8"),
                  HasSubstr("1 of them have another label than the first, e.g. 0 and 9")));
  data.shape = {1, 64, 1, false};  // features of a table may well be equal
  EXPECT_THAT(doubts_about(data), testing::Not(testing::Contains(HasSubstr("same value"))));
}

TEST(Inspect, FindsClassesThatAreMissingSmallOrInOrder) {
  Dataset data = pictures();
  std::ranges::fill(data.labels, 2);
  EXPECT_THAT(doubts_about(data), ElementsAre(HasSubstr("All samples are of class c")));
  data.labels[3] = 0;
  EXPECT_THAT(doubts_about(data),
              ElementsAre(HasSubstr("2 of 4 classes have no samples (b, d)"),
                          HasSubstr("Class c has 39 samples and class a has 1")));
  for (std::size_t n = 0; n < 40; ++n) data.labels[n] = static_cast<int>(n / 10);
  EXPECT_THAT(doubts_about(data),
              ElementsAre(AllOf(HasSubstr("sorted by class: --samples 0:10 is of one class"),
                                HasSubstr("--samples 40@7"))));
}

TEST(Inspect, FindsValuesThatFillAPartAndInvertedDigits) {
  EXPECT_THAT(doubts_about(pictures(1.0F / 255.0F)),
              ElementsAre(HasSubstr("divided by 255 twice")));
  Dataset digits = pictures(0.9F, 28);
  EXPECT_THAT(doubts_about(digits), testing::Not(Contains(HasSubstr("dark on bright"))));
  for (float& value : digits.images.flat()) value = 1.0F - 0.25F * value;
  EXPECT_THAT(doubts_about(digits), ElementsAre(HasSubstr("The mean is 0.89")));
}

}  // namespace
}  // namespace gibbon::datasets
