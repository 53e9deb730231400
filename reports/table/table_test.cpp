// SPDX-License-Identifier: MIT
#include "reports/table/table.hpp"

#include <sstream>

#include "reports/record/record_cases.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::table {
namespace {

TEST(Table, IsTheGoldenFile) {
  record::cases::expect_golden("table.txt", to_table(record::cases::run(), {}));
}

TEST(Markdown, IsTheGoldenFile) {
  record::cases::expect_golden("report.md", to_markdown(record::cases::run()));
}

TEST(Table, ColourChangesNothingButEscapes) {
  const std::string coloured = to_table(record::cases::run(), {.colour = Colour::kAlways});
  std::string plain;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\x1b')
      i = coloured.find('m', i);
    else
      plain += coloured[i];
  }
  EXPECT_NE(coloured, plain);
  std::istringstream with(plain);
  std::istringstream without(to_table(record::cases::run(), {}));
  for (std::string a, b; std::getline(with, a);) {
    std::getline(without, b);
    EXPECT_EQ(a, b);
  }
}

TEST(Table, ManyAttacksStayWithin100Columns) {
  record::Run run = record::cases::run();
  for (int i = 0; i < 7; ++i)
    run.curve.push_back(record::cases::point("attack-" + std::to_string(i), "attack", 0.1, 9));
  std::istringstream lines(to_table(run, {}));
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(record::display_width(line), 100U) << line;
}

TEST(Table, DistancesFoldOnNarrowScreens) {
  record::Run run = record::cases::run();
  run.distances = {{"fmn", "l2", record::RowKind::kAttack, 200, 120, 0.25, 0.5, 0.75}};
  const std::string text = to_table(run, {.width = 60});
  const std::size_t begin = text.find("smallest distance");
  ASSERT_NE(begin, std::string::npos);
  std::istringstream lines(text.substr(begin));
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(record::display_width(line), 60U) << line;
}

TEST(Table, MissingPointsAreDashes) {
  EXPECT_NE(to_table(record::cases::run(), {}).find("–"), std::string::npos);
}

TEST(Table, RunWithoutPointsHasATitleOnly) {
  EXPECT_NE(to_table(record::Run{}, {}).find("unnamed model on unnamed data, n = 0"),
            std::string::npos);
}

}  // namespace
}  // namespace gibbon::reports::table
