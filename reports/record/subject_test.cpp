// SPDX-License-Identifier: MIT
#include "reports/record/subject.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "reports/record/record_cases.hpp"

namespace gibbon::reports::record {
namespace {

using testing::Each;
using testing::EndsWith;
using testing::Not;
using testing::StartsWith;

// What holds against an adversary with a mask does not hold against one without.
TEST(Subject, TitleAndAnswersNameALimitedAdversary) {
  auto run = cases::run();
  EXPECT_THAT(subject_of(run).title(), Not(EndsWith("adversary")));
  EXPECT_THAT(answers(run), Each(StartsWith("At ε = ")));
  run.provenance["limits"] = {{"sha256", ""}, {"lattice", 0.5}};
  EXPECT_THAT(subject_of(run).title(), EndsWith(", limited adversary"));
  EXPECT_THAT(answers(run), Each(StartsWith("Against a limited adversary, at ε = ")));
}

}  // namespace
}  // namespace gibbon::reports::record
