// SPDX-License-Identifier: MIT
#include "reports/gate/trend.hpp"

#include <gmock/gmock.h>

#include "reports/gate/gate_cases.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names_of(const figure::Trend& trend) {
  std::vector<std::string> names;
  for (const figure::Trend::Line& line : trend.lines) names.push_back(line.name);
  return names;
}

std::vector<Dated> two() {
  return {{.name = "first", .snapshot = cases::snapshot({.epsilons = {0.0, 0.1}})},
          {.name = "last", .snapshot = cases::snapshot({.epsilons = {0.0, 0.1, 0.2, 0.3}})}};
}

TEST(Trend, ShowsWhereTheLastRunIsHalved) {
  const std::vector<Dated> runs = two();
  const figure::Trend trend = trend_of(runs, {});
  // 95 % are right when clean, 50 % at 0.2: not less than half of it, and no ε breaks more.
  EXPECT_THAT(names_of(trend), ElementsAre("clean", "pgd linf 0.3", "worst-case linf 0.3"));
  EXPECT_THAT(trend.lines[0].correct, ElementsAre(950, 950));
  EXPECT_THAT(trend.lines[1].correct, ElementsAre(std::nullopt, 500)) << "the first has no 0.3";

  std::vector<Dated> weak = runs;
  weak[1].snapshot = cases::snapshot({.epsilons = {0.1, 0.2, 0.3}, .distance = [](std::size_t k) {
                                        return k % 100 < 60 ? 0.2 : cases::kInfinity;
                                      }});
  EXPECT_EQ(trend_of(weak, {}).lines[1].name, "pgd linf 0.2");
}

TEST(Trend, OrAtTheGivenEpsilons) {
  const std::vector<Dated> runs = two();
  const std::vector<double> at{0.1, 0.3};
  EXPECT_THAT(names_of(trend_of(runs, at)),
              ElementsAre("clean", "pgd linf 0.1", "pgd linf 0.3", "worst-case linf 0.1",
                          "worst-case linf 0.3"));
  const std::vector<double> none{0.7};
  EXPECT_THAT(cases::message_of<record::Refusal>([&] { return trend_of(runs, none); }),
              HasSubstr("no run has an attack at 0.7"));
}

TEST(Trend, TheTableHasARowPerRunAndTheNotesWhatDiffers) {
  std::vector<Dated> runs = two();
  const std::string table = render_text(trend_table(trend_of(runs, {})), table::Colour::kNever);
  EXPECT_THAT(table, testing::ContainsRegex("first +1,000 +95.00 % +– +–"));
  EXPECT_THAT(table, testing::ContainsRegex("last +1,000 +95.00 % +50.00 % +50.00 %"));
  EXPECT_THAT(trend_notes(runs), ElementsAre(HasSubstr("epsilons: [0.0,0.1] in first, ")));
  runs[0] = runs[1];
  EXPECT_THAT(trend_notes(runs), IsEmpty());
}

TEST(Trend, IsDrawnWithAGapWhereNothingWasMeasured) {
  figure::Trend trend{.runs = {"a<b", "0123456789abcdef0123456789abcdef01234567", "c"},
                      .n = {100, 100, 100},
                      .lines = {{.name = "pgd linf 0.1", .correct = {50, std::nullopt, 60}}}};
  const std::string svg = figure::to_trend_svg(trend);
  EXPECT_THAT(svg, HasSubstr("a&lt;b"));
  EXPECT_THAT(svg, HasSubstr("…789abcdef01234567"));
  EXPECT_EQ(svg, figure::to_trend_svg(trend));
  trend.lines[0].correct[1] = 55;
  EXPECT_NE(svg, figure::to_trend_svg(trend));
  EXPECT_THROW(static_cast<void>(figure::to_trend_svg({})), record::Error);
}

}  // namespace
}  // namespace gibbon::reports::gate
