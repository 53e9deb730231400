// SPDX-License-Identifier: MIT
#include "eval/sweep/epsilons.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace gibbon::eval::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Epsilons, ListsRangesAndFractions) {
  EXPECT_THAT(parse_epsilons("0,.01,0.3"), ElementsAre(0.0, 0.01, 0.3));
  EXPECT_THAT(parse_epsilons("0:0.3:0.1"), ElementsAre(0.0, 0.1, 0.2, 0.3));
  EXPECT_THAT(parse_epsilons("8/255"), ElementsAre(8.0 / 255.0));
  EXPECT_THAT(parse_epsilons("0.3, 0:0.2:0.1 ,0.1"), ElementsAre(0.0, 0.1, 0.2, 0.3));
  EXPECT_EQ(parse_epsilons("0:0.3:0.025").size(), 13U);
  EXPECT_EQ(parse_epsilons("0:0.3:0.025")[3], 0.075);
}

TEST(Epsilons, RefusesWhatIsNoBudget) {
  for (const char* text : {"", "-0.1", "nan", "inf", "a", "0.1,,0.2", "0:0.3", "0:0.3:0",
                           "0:0.3:-1", "0.3:0:0.1", "1/0", "0:1:1e-9"}) {
    try {
      static_cast<void>(parse_epsilons(text));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("--epsilons"));
      EXPECT_THAT(error.what(), HasSubstr("allowed are numbers >= 0 in input units"));
    }
  }
}

}  // namespace
}  // namespace gibbon::eval::sweep
