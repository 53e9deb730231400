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

TEST(UsualEpsilons, AreWhatTheLiteratureUses) {
  EXPECT_EQ(usual_epsilons(Norm::kLinf, 784), parse_epsilons("0:0.3:0.025"));
  EXPECT_EQ(usual_epsilons(Norm::kL2, 784), parse_epsilons("0:3:0.25"));
  EXPECT_EQ(usual_epsilons(Norm::kL1, 784), parse_epsilons("0:12:1"));
  EXPECT_EQ(usual_epsilons(Norm::kL0, 784), parse_epsilons("0:24:2"));
  EXPECT_THAT(usual_epsilons(Norm::kLinf, 3072),
              testing::IsSupersetOf(parse_epsilons("4/255,8/255")));
  EXPECT_THAT(usual_epsilons(Norm::kL2, 3072), testing::Contains(0.5));
  EXPECT_EQ(usual_epsilons(Norm::kL0, 2), parse_epsilons("0,1,2"));
}

TEST(UsualEpsilons, RiseFromZeroWhateverTheSize) {
  for (const Norm norm : kNorms) {
    for (const std::size_t features : {1U, 2U, 30U, 1024U, 1025U, 150528U}) {
      const std::vector<double> all = usual_epsilons(norm, features);
      EXPECT_EQ(all.front(), 0.0);
      EXPECT_GE(all.size(), 2U);
      EXPECT_TRUE(std::ranges::is_sorted(all, std::less_equal<>())) << to_string(norm) << features;
    }
  }
}

}  // namespace
}  // namespace gibbon::eval::sweep
