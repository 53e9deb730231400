// SPDX-License-Identifier: MIT
#include "reports/record/series.hpp"

#include "reports/record/record_cases.hpp"

namespace gibbon::reports::record {
namespace {

std::vector<std::string> names(const Run& run, Repeats repeats = Repeats::kDropped) {
  std::vector<std::string> all;
  for (const Panel& panel : panels_of(run, repeats))
    for (const Series& series : panel.series) all.push_back(series.name);
  return all;
}

using Names = std::vector<std::string>;

TEST(Panels, AllAttacksAreARowOfTheirOwn) {
  const record::Run run = cases::run();
  EXPECT_EQ(names(run), (Names{"fgsm:loss=ce,\"x\"", "noise-sign (noise)", "all attacks"}));
  EXPECT_EQ(panels_of(run)[0].strongest()->name, "all attacks");
}

TEST(Panels, AllAttacksAreDroppedWhereOneOfThemIsThem) {
  record::Run run = cases::run();
  run.curve = {cases::point("fgsm", "attack", 0.1, 20), cases::point("pgd", "attack", 0.1, 9),
               cases::point("worst-case", "worst-case", 0.1, 9)};
  EXPECT_EQ(names(run), (Names{"fgsm", "pgd"}));
  EXPECT_EQ(panels_of(run)[0].strongest()->name, "pgd");
  EXPECT_EQ(names(run, Repeats::kKept), (Names{"fgsm", "pgd", "all attacks"}));
  run.curve[1].kind = RowKind::kControl;
  EXPECT_EQ(names(run).back(), "all attacks") << "noise is no attack that it could be";
}

TEST(Panels, OneDifferentBudgetKeepsAllAttacks) {
  record::Run run = cases::run();
  run.curve = {cases::point("pgd", "attack", 0.1, 9), cases::point("pgd", "attack", 0.2, 5),
               cases::point("worst-case", "worst-case", 0.1, 9),
               cases::point("worst-case", "worst-case", 0.2, 4)};
  EXPECT_EQ(names(run), (Names{"pgd", "all attacks"}));
}

TEST(DisplayName, IsTheLabelOfTheRun) {
  record::Run run = cases::run();
  run.provenance["labels"] = {{"noise-sign", "signs\n<b>"}, {"pgd", 7}};
  EXPECT_EQ(display_name(run, "noise-sign", RowKind::kControl), "signs <b> (noise)");
  EXPECT_EQ(display_name(run, "pgd", RowKind::kAttack), "pgd") << "no text is no label";
  EXPECT_EQ(display_name(run, "worst-case", RowKind::kWorstCase), "all attacks");
  run.provenance["labels"] = "none";
  EXPECT_EQ(display_name(run, "pgd", RowKind::kAttack), "pgd");
}

}  // namespace
}  // namespace gibbon::reports::record
