// SPDX-License-Identifier: MIT
#include "reports/page/changes.hpp"

#include "reports/gate/gate_cases.hpp"

namespace gibbon::reports::page {
namespace {

TEST(Changes, NameTheSamplesAndWhatEachRunSays) {
  gate::cases::Toy toy{.n = 100};
  const record::Run before = gate::cases::run_of(toy);
  toy.distance = [](std::size_t k) {
    if (k == 60) return 0.1;                    // stood everywhere, breaks at the first budget
    if (k == 7) return gate::cases::kInfinity;  // broke at 0.1, stands
    return gate::cases::usual_distance(k);
  };
  const record::Run now = gate::cases::run_of(toy);
  std::size_t seen = 0;
  for (const Changes& at : changes_between(before, now)) {
    if (at.attack != "pgd") continue;
    ++seen;
    ASSERT_EQ(at.lost.size(), 1U) << at.epsilon;
    ASSERT_EQ(at.gained.size(), 1U);
    EXPECT_EQ(at.lost[0].id, 160U);
    EXPECT_EQ(at.lost[0].before, 1) << "right: the label";
    EXPECT_EQ(at.lost[0].now, -1) << "what the toy's attacks find";
    EXPECT_EQ(at.gained[0].id, 107U);
    EXPECT_EQ(at.gained[0].now, 1);
  }
  EXPECT_EQ(seen, 2U);
}

TEST(Changes, OfTheCleanAccuracySayWhatTheModelSays) {
  gate::cases::Toy toy{.n = 100};
  const record::Run before = gate::cases::run_of(toy);
  toy.distance = [](std::size_t k) { return k == 60 ? 0.0 : gate::cases::usual_distance(k); };
  const std::vector<Changes> all = changes_between(before, gate::cases::run_of(toy));
  ASSERT_EQ(all.front().attack, "");
  ASSERT_EQ(all.front().lost.size(), 1U);
  EXPECT_EQ(all.front().lost[0].before, 1);
  EXPECT_EQ(all.front().lost[0].now, 0) << "its clean label";
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
