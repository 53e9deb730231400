// SPDX-License-Identifier: MIT
#include <algorithm>
#include <gmock/gmock.h>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Sample n holds n and n + 0.5, has label n % 7 and id n.
Dataset numbered(std::size_t count) {
  Dataset set{.name = "numbers", .split = "test", .images = Tensor(count, 2)};
  for (std::size_t n = 0; n < count; ++n) {
    set.images.row(n)[0] = static_cast<float>(n);
    set.images.row(n)[1] = static_cast<float>(n) + 0.5F;
    set.labels.push_back(static_cast<int>(n % 7));
    set.ids.push_back(n);
  }
  set.shape = {1, 2, 1, false};
  set.sha256 = "hash";
  return set;
}

/// Whether every row is still with its label and id.
void expect_consistent(const Dataset& set) {
  ASSERT_EQ(set.images.rows(), set.size());
  ASSERT_EQ(set.ids.size(), set.size());
  for (std::size_t n = 0; n < set.size(); ++n) {
    EXPECT_EQ(set.images.row(n)[0], static_cast<float>(set.ids[n]));
    EXPECT_EQ(set.images.row(n)[1], static_cast<float>(set.ids[n]) + 0.5F);
    EXPECT_EQ(set.labels[n], static_cast<int>(set.ids[n] % 7));
  }
  EXPECT_EQ(set.sha256, "hash");
  EXPECT_EQ(set.name, "numbers");
  EXPECT_EQ(set.shape.width, 2U);
}

TEST(Select, All) {
  const Dataset set = select(numbered(20), "all");
  EXPECT_EQ(set.size(), 20U);
  expect_consistent(set);
}

TEST(Select, Range) {
  const Dataset set = select(numbered(20), "3:7");
  EXPECT_THAT(set.ids, ElementsAre(3U, 4U, 5U, 6U));
  expect_consistent(set);
  EXPECT_EQ(select(numbered(20), "0:20").size(), 20U);
  EXPECT_THAT(select(numbered(20), "19:20").ids, ElementsAre(19U));
}

TEST(Select, DrawsWithoutReplacementInOrder) {
  const Dataset set = select(numbered(1000), "100@7");
  ASSERT_EQ(set.size(), 100U);
  expect_consistent(set);
  EXPECT_EQ(std::adjacent_find(set.ids.begin(), set.ids.end(), std::greater_equal<>()),
            set.ids.end());
  EXPECT_EQ(select(numbered(1000), "100@7").ids, set.ids);
  EXPECT_NE(select(numbered(1000), "100@8").ids, set.ids);
  // The mean id of 100 out of 1000 is 500 with a deviation of 27.
  const auto sum = std::accumulate(set.ids.begin(), set.ids.end(), std::uint64_t{0});
  EXPECT_NEAR(static_cast<double>(sum) / 100.0, 500.0, 110.0);
  EXPECT_EQ(select(numbered(50), "50@3").ids, numbered(50).ids);
}

TEST(Select, KeepsTheIdsOfASelection) {
  EXPECT_THAT(select(select(numbered(20), "10:15"), "1:3").ids, ElementsAre(11U, 12U));
}

TEST(Select, RefusesWhatIsMalformed) {
  for (const char* samples : {"500@", "@7", "500@x", "5 @7", "1:2:3", "1@2@3", "-1:3", "+1:3", ":5",
                              "5:", "5", "", "ALL", "0x1:5", "99999999999999999999:5", "1.0:2"}) {
    EXPECT_THAT([&] { (void)select(numbered(20), samples); },
                ThrowsMessage<Error>(fmt::format("samples '{}' of numbers/test: not understood; "
                                                 "allowed are 'all', FROM:TO as 0:20 and "
                                                 "COUNT@SEED as 20@7",
                                                 samples)));
  }
}

TEST(Select, RefusesWhatIsNotThere) {
  const auto fail = [](const char* samples) {
    return [samples] { (void)select(numbered(20), samples); };
  };
  EXPECT_THAT(fail("0:21"), ThrowsMessage<Error>(HasSubstr("ends beyond the last of 20 samples")));
  EXPECT_THAT(fail("21@7"), ThrowsMessage<Error>(HasSubstr("more than the 20 samples available")));
  EXPECT_THAT(fail("5:5"), ThrowsMessage<Error>(
                               HasSubstr("empty range: the end must be greater than the start")));
  EXPECT_THAT(fail("6:5"), ThrowsMessage<Error>(
                               HasSubstr("empty range: the end must be greater than the start")));
  EXPECT_THAT(fail("0@7"), ThrowsMessage<Error>(HasSubstr("'0@7' of numbers/test: no samples")));
  EXPECT_THAT([] { (void)select(numbered(0), "all"); },
              ThrowsMessage<Error>(HasSubstr("there are no samples")));
}

TEST(Select, IsAUsageError) {
  try {
    (void)select(numbered(3), "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace gibbon::datasets
