// SPDX-License-Identifier: MIT
#include "reports/page/changes.hpp"

#include <gmock/gmock.h>

#include "reports/gate/baseline.hpp"
#include "reports/gate/gate_cases.hpp"

namespace gibbon::reports::page {
namespace {

/// The changes between two runs.
std::vector<Changes> changes_between(const record::Run& before, const record::Run& now) {
  const gate::Snapshot first = gate::snapshot_of(before);
  const gate::Snapshot second = gate::snapshot_of(now);
  return compare({"A", &first, &before}, {"B", &second, &now}, {}).changes;
}

/// A toy run in which sample 60 stood everywhere and breaks, and sample 7 broke and stands.
record::Run changed_run() {
  record::Run run = gate::cases::run_of({.n = 100, .distance = [](std::size_t k) {
                                           if (k == 60) return 0.1;
                                           if (k == 7) return gate::cases::kInfinity;
                                           return gate::cases::usual_distance(k);
                                         }});
  for (record::SampleRecord& r : run.samples) {
    r.found_label = static_cast<std::int16_t>(r.fooled != 0 ? 3 : r.clean_label);
    r.confidence = r.fooled != 0 ? 0.75F : 0.875F;
  }
  return run;
}

TEST(Changes, NameTheSamplesAndWhatEachRunSays) {
  const record::Run before = gate::cases::run_of({.n = 100});
  std::size_t seen = 0;
  for (const Changes& at : changes_between(before, changed_run())) {
    if (at.attack != "pgd" && at.attack != "worst-case") continue;
    ++seen;
    ASSERT_EQ(at.lost.size(), 1U) << at.epsilon;
    ASSERT_EQ(at.gained.size(), 1U);
    EXPECT_EQ(at.lost[0].id, 160U);
    EXPECT_EQ(at.lost[0].label, 1);
    EXPECT_EQ(at.lost[0].now.label, 3) << "what the attack made of it, also in the worst case";
    EXPECT_EQ(at.lost[0].now.confidence, 0.75);
    EXPECT_EQ(at.gained[0].id, 107U);
    EXPECT_EQ(at.gained[0].now.label, 1);
    EXPECT_EQ(at.gained[0].now.confidence, 0.875);
  }
  EXPECT_EQ(seen, 4U);
}

TEST(Changes, OfTheCleanAccuracySayWhatTheModelSays) {
  gate::cases::Toy toy{.n = 100};
  const record::Run before = gate::cases::run_of(toy);
  toy.distance = [](std::size_t k) { return k == 60 ? 0.0 : gate::cases::usual_distance(k); };
  record::Run now = gate::cases::run_of(toy);
  for (record::SampleRecord& r : now.samples) r.found_label = r.clean_label;
  const std::vector<Changes> all = changes_between(before, now);
  ASSERT_EQ(all.front().attack, "");
  ASSERT_EQ(all.front().lost.size(), 1U);
  EXPECT_EQ(all.front().lost[0].now.label, 0) << "its clean label";
}

TEST(Changes, ABaselineSaysOnlyWhatIsRight) {
  const gate::Snapshot stored = gate::read_baseline(
      gate::to_baseline_json(gate::snapshot_of(gate::cases::run_of({.n = 100}))), "b.json");
  const record::Run now = changed_run();
  const gate::Snapshot second = gate::snapshot_of(now);
  const Comparison all = compare({"baseline", &stored}, {"this run", &second, &now}, {});
  const Changes& at = all.changes[1];
  EXPECT_EQ(at.lost[0].label, 1) << "known of the run";
  EXPECT_EQ(at.lost[0].before.label, 1);
  EXPECT_EQ(at.lost[0].before.confidence, 0.0);
  EXPECT_EQ(at.gained[0].before.label, -1) << "nobody stored what it said";
  EXPECT_EQ(all.verdicts.size(), 7U);
  EXPECT_THAT(
      verdicts_section(all),
      testing::AllOf(testing::HasSubstr("<h2>this run against baseline</h2>"),
                     testing::HasSubstr("pgd linf 0.1"), testing::HasSubstr("as pgd linf 0.1")));
  EXPECT_EQ(verdicts_section({}), "");
  EXPECT_THROW(static_cast<void>(compare({"A", &stored}, {"B", &stored}, {})), std::logic_error);
}

TEST(Changes, OfARunAndItselfAreNone) {
  const record::Run run = gate::cases::run_of({});
  for (const Changes& at : changes_between(run, run)) {
    EXPECT_TRUE(at.lost.empty());
    EXPECT_TRUE(at.gained.empty());
  }
}

}  // namespace
}  // namespace gibbon::reports::page
