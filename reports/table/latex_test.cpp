// SPDX-License-Identifier: MIT
#include "reports/table/latex.hpp"

#include <algorithm>
#include <sstream>

#include "reports/record/record_cases.hpp"

namespace gibbon::reports::table {
namespace {

// Depth of braces at the end and the smallest on the way; an escaped brace is text.
std::pair<int, int> braces(const std::string& text) {
  int depth = 0;
  int least = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    least = std::min(least, depth);
  }
  return {depth, least};
}

TEST(Latex, IsTheGoldenFile) {
  record::cases::expect_golden("report.tex", to_latex(record::cases::run()));
}

TEST(Latex, EscapesWhatItActsOn) {
  EXPECT_EQ(latex_escaped(R"(a\b{c}$d&e#f%g_h~i^j<k>l|m"n'o`p)"),
            "a\\textbackslash{}b\\{c\\}\\$d\\&e\\#f\\%g\\_h\\textasciitilde{}i\\textasciicircum{}j"
            "\\textless{}k\\textgreater{}l\\textbar{}m\\textquotedbl{}n\\textquotesingle{}o"
            "\\textasciigrave{}p");
  EXPECT_EQ(latex_escaped("one\ntwo"), "one two") << "a blank line would end the caption";
}

TEST(Latex, NamesAreTextNotCommands) {
  record::Run run = record::cases::run();
  run.provenance["model"] = "}\\input{/etc/passwd}%";
  for (record::CurvePoint& point : run.curve) point.attack += "\\end{tabular}&\\\\{";
  const std::string tex = to_latex(run);
  EXPECT_EQ(tex.find("\\input"), std::string::npos);
  EXPECT_EQ(tex.find("\\end{tabular}&"), std::string::npos);
  EXPECT_EQ(braces(tex), std::pair(0, 0));
}

TEST(Latex, EveryLineHasAsManyCellsAsTheTableColumns) {
  record::Run run = record::cases::run();
  for (int i = 0; i < 7; ++i)
    run.curve.push_back(record::cases::point("attack-" + std::to_string(i), "attack", 0.1, 9));
  std::istringstream lines(to_latex(run));
  std::size_t tables = 0;
  std::size_t columns = 0;
  for (std::string line; std::getline(lines, line);) {
    if (const auto at = line.find("{l*{"); at != std::string::npos) {
      columns = 2 * std::stoul(line.substr(at + 4)) + 1;
      EXPECT_LE(columns, 9U);
      ++tables;
    }
    if (!line.starts_with("    0")) continue;
    EXPECT_EQ(std::ranges::count(line, '&'), static_cast<std::ptrdiff_t>(columns - 1)) << line;
  }
  EXPECT_EQ(tables, 3U);
}

}  // namespace
}  // namespace gibbon::reports::table
