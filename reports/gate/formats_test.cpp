// SPDX-License-Identifier: MIT
#include "reports/gate/formats.hpp"

#include <gmock/gmock.h>

#include "reports/gate/gate_cases.hpp"

namespace gibbon::reports::gate {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kEvil = "<script>alert('x')</script>]]>|`a`*_%,:\n::error::\x01\xff&amp;";

/// One point worse, one requirement missed, one thing not measured, and names that want to be more.
GateResult failing() {
  Snapshot before = cases::snapshot({.n = 10000, .model = "old.onnx"});
  Snapshot now =
      cases::snapshot({.n = 10000, .model = kEvil, .sha256 = "new", .distance = [](std::size_t k) {
                         return k % 100 == 60 ? 0.1 : cases::usual_distance(k);
                       }});
  for (Snapshot* snapshot : {&before, &now})
    for (Point& point : snapshot->points)
      if (point.attack == "pgd") point.attack = kEvil;
  now.strength.clear();
  return judge(&before, now, {.requirements = {parse_requirement("clean >= 0.99")}});
}

int run(const std::string& command) { return std::system(command.c_str()); }

TEST(Junit, IsAcceptedByASchemaAndByARealReader) {
  const std::string path = record::cases::scratch_file("gate.xml", to_junit(failing()));
  const std::string xsd = GIBBON_SOURCE_DIR "/reports/gate/junit.xsd";
  EXPECT_EQ(run("xmllint --noout --schema '" + xsd + "' '" + path + "' 2>/dev/null"), 0);
  EXPECT_EQ(record::cases::python(
                "import sys; from junitparser import JUnitXml; x = JUnitXml.fromfile(sys.argv[1]); "
                "cases = [c for s in x for c in s]; "
                "print(x.tests, x.failures, x.skipped, x.errors, len(cases)); "
                "print([c.result[0].type for c in cases if c.result and c.result[0]._tag == "
                "\"failure\"]); "
                "print(cases[1].name)",
                path),
            "9 4 3 0 9\n"
            "['worse', 'worse', 'worse', 'missed']\n"
            "<script>alert('x')</script>]]>|`a`*_%,: ::error:: \xEF\xBF\xBD&amp; linf 0.1\n");
}

TEST(Junit, TheSchemaRejectsWhatIsNoReport) {
  const std::string xsd = GIBBON_SOURCE_DIR "/reports/gate/junit.xsd";
  std::string text = to_junit(failing());
  const auto rejected = [&](const std::string& what, const std::string& by) {
    std::string bad = text;
    bad.replace(bad.find(what), what.size(), by);
    const std::string path = record::cases::scratch_file("bad.xml", bad);
    return run("xmllint --noout --schema '" + xsd + "' '" + path + "' 2>/dev/null") != 0;
  };
  EXPECT_TRUE(rejected("tests=\"9\"", "tests=\"nine\""));
  EXPECT_TRUE(rejected("<failure type", "<fault type"));
  EXPECT_TRUE(rejected("classname=", "class="));
}

TEST(Annotations, EscapeWhatTheRunnerActsOn) {
  const std::string text = to_annotations(failing());
  EXPECT_THAT(text, StartsWith("::error title=gibbon%3A clean >= 0.99 missed::9,500 of 10,000"));
  EXPECT_THAT(text,
              AllOf(HasSubstr("*_%25%2C%3A %3A%3Aerror%3A%3A"), Not(HasSubstr("\n::error::"))));
  EXPECT_THAT(text, HasSubstr("\n::warning title=gibbon%3A attack strength not measured::"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_THAT(line, testing::AnyOf(StartsWith("::error title="), StartsWith("::warning title=")));
}

TEST(Annotations, AreAtMostTenAndTheLastCountsTheRest) {
  const auto lines_of = [](std::size_t findings) {
    GateResult result;
    for (std::size_t k = 0; k < findings; ++k)
      result.findings.push_back({.level = Finding::Level::kFailure,
                                 .subject = fmt::format("attack {}", k),
                                 .what = "worse",
                                 .text = "text",
                                 .group = fmt::format("attack {}", k)});
    result.findings.push_back({.level = Finding::Level::kNote, .subject = "environment"});
    return to_annotations(result);
  };
  EXPECT_EQ(std::ranges::count(lines_of(10), '\n'), 10);
  EXPECT_THAT(lines_of(10), HasSubstr("attack 9 worse"));
  EXPECT_EQ(std::ranges::count(lines_of(13), '\n'), 10);
  EXPECT_THAT(lines_of(13), EndsWith("attack 8 worse::text\n::error title=gibbon%3A 4 more::the "
                                     "log and the job summary have all 13\n"));
}

TEST(Markdown, NamesDoNotBecomeMarkup) {
  const std::string text = to_markdown(failing());
  EXPECT_THAT(text, StartsWith("## ❌ FAIL: "));
  EXPECT_THAT(text, Not(HasSubstr("<script>")));
  EXPECT_THAT(text, HasSubstr("\\<script\\>alert"));
  EXPECT_THAT(text,
              HasSubstr("| clean | 95.00 % | 95.00 % | +0.00 \\[-0.04, +0.04\\] | 0 | 0 | 1 | "
                        "unchanged |"));
  // Every row of the table has the same number of unescaped bars.
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| ")) continue;
    std::size_t bars = 0;
    for (std::size_t k = 0; k < line.size(); ++k)
      if (line[k] == '|' && (k == 0 || line[k - 1] != '\\')) ++bars;
    EXPECT_EQ(bars, 9U) << line;
  }
}

TEST(Text, SaysWhatFailedThenWhatToDoThenTheWholeInALine) {
  const std::string text = to_text(failing(), table::Colour::kNever);
  EXPECT_THAT(text, StartsWith("FAIL    clean >= 0.99 missed\n        9,500 of 10,000"));
  EXPECT_THAT(text, HasSubstr(" linf worse\n        largest at "));
  EXPECT_THAT(text, HasSubstr("newly broken: samples 160, 260, 360, 460, 560, 660, 760, 860, 960, "
                              "1060 and 90 more\n"));
  EXPECT_LT(text.find("FAIL    clean"), text.find("warning attack strength"));
  EXPECT_LT(text.find("warning attack strength"), text.find("\nWhat to do: missed\n  --require"));
  EXPECT_THAT(text, HasSubstr("gibbon compare RUN BASELINE -o changes.html"));
  EXPECT_THAT(text, HasSubstr("\nFAIL: 3 of 5 points worse, 2 unchanged (largest change -1.00 "
                              "points, "));
  EXPECT_THAT(text, HasSubstr(", 0 of 1 requirements met\n"));
  EXPECT_THAT(text, EndsWith("; baseline old.onnx\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(to_text(failing(), table::Colour::kAlways), HasSubstr("\x1b[31mFAIL"));
  const Snapshot same = cases::snapshot({});
  EXPECT_EQ(to_text(judge(&same, same, {}), table::Colour::kNever),
            "PASS: 5 of 5 points unchanged, no attack weaker\n"
            "m.onnx on toy test, n = 1,000; baseline m.onnx\n");
}

TEST(Text, DetailsFoldWhatIsUnchanged) {
  const std::string some = details_text(failing(), Rows::kChanged);
  EXPECT_THAT(some, AllOf(HasSubstr("noise linf 0.2"), Not(HasSubstr("noise linf 0.1")),
                          HasSubstr("\n4 points that are unchanged or repeat another: --all"),
                          HasSubstr("Holm over 5 points, alpha = 0.05.")));
  const std::string all = details_text(failing(), Rows::kAll);
  EXPECT_THAT(
      all, AllOf(HasSubstr("noise linf 0.1"), testing::ContainsRegex("worst-case linf 0.2 .*  as "),
                 Not(HasSubstr("--all"))));
}

TEST(Json, HoldsEveryNumber) {
  const auto json = nlohmann::json::parse(to_json(failing()));
  EXPECT_EQ(json["schema"], 2);
  EXPECT_EQ(json["passed"], false);
  EXPECT_EQ(json["points"].size(), 7U);
  EXPECT_EQ(json["points"][1]["verdict"], "worse");
  EXPECT_EQ(json["points"][1]["lost"], 100);
  ASSERT_EQ(json["points"][1]["lost_samples"].size(), 100U);
  EXPECT_EQ(json["points"][1]["lost_samples"][1], 260);
  EXPECT_EQ(json["points"][1]["repeats"], nullptr);
  EXPECT_EQ(json["points"][5]["repeats"], json["points"][1]["point"]);
  EXPECT_EQ(json["what_to_do"].size(), 2U);
  EXPECT_EQ(json["points"][1]["change"], -0.01);
  EXPECT_LT(json["points"][1]["change_interval"][0], -0.01);
  EXPECT_EQ(json["requirements"][0]["met"], false);
  EXPECT_EQ(json["findings"][0]["level"], "failure");
}

TEST(Compare, ShowsBothAndWhatIsNotTheSame) {
  const Snapshot a = cases::snapshot({});
  const Snapshot b = cases::snapshot({.model = kEvil, .epsilons = {0.0, 0.2}});
  EXPECT_THAT(compare_text(a, b, {}),
              AllOf(HasSubstr("A  m.onnx on toy test, n = 1,000\nB  <script>"),
                    HasSubstr("epsilons: [0.0,0.1,0.2] in A, [0.0,0.2] in B")));
  EXPECT_THAT(compare_markdown(a, b, {}),
              AllOf(HasSubstr("\\<script\\>"), HasSubstr("| pgd linf 0.2 |")));
}

}  // namespace
}  // namespace gibbon::reports::gate
