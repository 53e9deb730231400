// SPDX-License-Identifier: MIT
#include "reports/formats/queries.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon::reports::formats {
namespace {

/// Five samples of one row: wrong when clean, broken after 1, 3 and 40 passes, never broken.
record::Run small_run() {
  record::Run run;
  run.curve = {
      {.attack = "a,b", .norm = "linf", .kind = record::RowKind::kAttack, .epsilon = 0.1, .n = 5}};
  run.samples.resize(5);
  for (record::SampleRecord& r : run.samples) r.label = 1;
  for (std::size_t n = 1; n < 5; ++n) run.samples[n].clean_label = 1;
  run.samples[1].forwards = 1;
  run.samples[2].forwards = 2;
  run.samples[2].backwards = 1;
  run.samples[3].forwards = 40;
  run.samples[4].forwards = 60;
  for (std::size_t n = 1; n < 4; ++n) run.samples[n].fooled = 1;
  return run;
}

TEST(Queries, CountWhatStandsAfterSoManyPasses) {
  const auto curve = query_curve(small_run(), 0);
  std::vector<std::uint64_t> queries;
  std::vector<std::uint64_t> correct;
  for (const QueryPoint& at : curve) {
    queries.push_back(at.queries);
    correct.push_back(at.correct);
  }
  EXPECT_THAT(queries, testing::ElementsAre(1, 2, 5, 10, 20, 50, 100));
  EXPECT_THAT(correct, testing::ElementsAre(3, 3, 2, 2, 2, 1, 1));
}

TEST(Queries, AreEmptyForAttacksThatAskNothing) {
  record::Run run = small_run();
  for (record::SampleRecord& r : run.samples) r.forwards = r.backwards = 0;
  EXPECT_TRUE(query_curve(run, 0).empty());
  EXPECT_TRUE(query_curve(run, 1).empty()) << "a row without samples";
}

}  // namespace
}  // namespace gibbon::reports::formats
