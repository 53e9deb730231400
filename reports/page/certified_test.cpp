// SPDX-License-Identifier: MIT
#include "reports/record/certified.hpp"

#include <gmock/gmock.h>

#include "reports/figure/figure.hpp"
#include "reports/formats/certified_json.hpp"
#include "reports/page/html.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"
#include "reports/record/subject.hpp"
#include "reports/table/certified_table.hpp"
#include "reports/table/latex.hpp"
#include "reports/table/run_csv.hpp"
#include "reports/table/table.hpp"

namespace gibbon::reports::page {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

record::Certificates example() {
  return {.provenance = {{"command", "gibbon certify -o <two>"}},
          .norm = "linf",
          .level = "level R: in real <b>arithmetic",
          .clean_correct = 3,
          .with_radius = true,
          .curve = {{.epsilon = 0.1, .n = 4, .certified = 2, .attacked = 1},
                    {.epsilon = 0.2, .n = 4, .attacked = 4}},
          .samples = {{.id = 7, .label = 1, .predicted = 1, .certified = 0.125, .method = "crown"},
                      {.id = 8, .label = 1, .predicted = 1, .certified = 0.15, .attacked = 0.2},
                      {.id = 9,
                       .label = 1,
                       .predicted = 1,
                       .certified = 0.0625,
                       .bound = -0.5,
                       .reason = "nodes",
                       .nodes = 12},
                      {.id = 11, .label = 1, .predicted = 2, .attacked = 0.0}}};
}

/// The common run with certificates in its norm, and in one that nothing attacked.
record::Run joined() {
  record::Run run = record::cases::run();
  run.certificates = {example(), example()};
  run.certificates[1].norm = "l2";
  return run;
}

record::Run alone() {
  record::Run run;
  run.provenance = {{"schema", 1}, {"model", "a <script>"}};
  run.certificates = {example()};
  return run;
}

// Wilson's interval of 2 of 4 and of 0 of 4 at 95 %.
TEST(Certified, CsvHasARowPerBudgetAndNorm) {
  const std::string csv = table::to_certified_csv(joined());
  EXPECT_THAT(csv, testing::StartsWith(
                       "norm,epsilon,n,certified,attacked,undecided,clean_correct,certified_share,"
                       "certified_low,certified_high,attacked_share,attacked_low,attacked_high,"
                       "undecided_share,undecided_low,undecided_high\n"
                       "linf,0.1,4,2,1,1,3,0.5,0.15"));
  EXPECT_THAT(csv, HasSubstr("\nlinf,0.2,4,0,4,0,3,0,0,0.4898"));
  EXPECT_THAT(csv, HasSubstr("\nl2,0.1,4,2,1,1,3,"));
}

TEST(Certified, RadiiAreEmptyWhereNothingIsKnown) {
  EXPECT_EQ(table::to_radii_csv(alone()),
            "norm,id,label,predicted,certified,attacked,method,reason\n"
            "linf,7,1,1,0.125,,crown,\nlinf,8,1,1,0.15,0.2,,\nlinf,9,1,1,0.0625,,,nodes\n"
            "linf,11,1,2,,0,,\n");
}

TEST(Certified, JsonRoundTrips) {
  const std::string text = formats::to_certified_json(joined());
  record::Run read;
  read.certificates = formats::read_certificates(text);
  EXPECT_EQ(formats::to_certified_json(read), text);
  const auto json = nlohmann::json::parse(text)["certificates"][0];
  EXPECT_EQ(json["soundness"], "level R: in real <b>arithmetic");
  EXPECT_EQ(json["curve"][0]["undecided"], 1);
  EXPECT_TRUE(json["samples"][0]["attacked"].is_null());
  EXPECT_TRUE(json["samples"][0]["bound"].is_null());
  EXPECT_EQ(json["samples"][2]["bound"], -0.5);
  EXPECT_TRUE(json["samples"][3]["certified"].is_null());
  EXPECT_EQ(read.certificates[0].samples[2].nodes, 12U);
}

TEST(Certified, DamagedFilesAreNamed) {
  const auto problem = [](const std::string& text) {
    return record::cases::message_of<record::Error>(
        [&] { return formats::read_certificates(text); });
  };
  std::string text = formats::to_certified_json(alone());
  EXPECT_THAT(problem(text.substr(0, 100)), HasSubstr("certified.json: "));
  EXPECT_THAT(problem("{}"), HasSubstr("certificates"));
  const std::string attacked = "\"attacked\":1,";
  text.replace(text.find(attacked), attacked.size(), "\"attacked\":3,");
  EXPECT_EQ(problem(text),
            "certified.json: certificates[0].curve[0] has 2 certified and 3 attacked of n = 4; the "
            "file is damaged or not from this version; certify again");
}

TEST(Certified, TableNamesDenominatorIntervalAndLevel) {
  const std::string table = table::to_certified_table(example());
  for (const char* part :
       {"50.0 %  2/4  [ 15.0,  85.0]", "25.0 %  1/4  [  4.6,  69.9]", "0, exact",
        "95 % Wilson interval", "clean accuracy 3 of 4", "level R",
        "certified radius (lower bound)       3/4", "counterexample (upper bound)         2/4"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
  EXPECT_THAT(table::to_table(joined(), {}),
              AllOf(HasSubstr("certified in l∞"), HasSubstr("certified in l₂")));
  EXPECT_THAT(table::to_markdown(joined()),
              AllOf(HasSubstr("| 0.1 | **50.0 %** 2/4 [15.0, 85.0] |"), HasSubstr("## l₂"),
                    HasSubstr("gibbon certify")));
  EXPECT_THAT(table::to_markdown(joined()), Not(HasSubstr("real <b>")));
}

// Quartiles of 0, 0.0625, 0.125, 0.15 and of 0, 0.2, ∞, ∞ as NumPy has them.
TEST(Certified, QuartilesOfBothEnds) {
  const auto ends = record::radius_summaries(example());
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0].known, 3U);
  EXPECT_EQ(ends[0].quartiles, (std::array{0.046875, 0.09375, 0.13125}));
  EXPECT_EQ(ends[1].known, 2U);
  EXPECT_DOUBLE_EQ(ends[1].quartiles[0], 0.15);
  EXPECT_TRUE(std::isinf(ends[1].quartiles[1]));
  record::Certificates curve_only = example();
  curve_only.with_radius = false;
  EXPECT_TRUE(record::radius_summaries(curve_only).empty());
}

TEST(Certified, AnswersWithBothEdges) {
  EXPECT_EQ(record::certified_answer(example()),
            "At ε = 0.1 (l∞), certified accuracy is 50.0 % (2 of 4; 95 % interval 15.0–85.0 %) and "
            "robust accuracy is at most 75.0 % (3 of 4; 95 % interval 30.1–95.4 %); 1 undecided.");
  record::Certificates exact = example();
  exact.curve[0].attacked = 2;
  EXPECT_THAT(record::certified_answer(exact), HasSubstr("exact, 0 undecided"));
  EXPECT_EQ(record::answers(joined()).size(), 3U);
  EXPECT_EQ(record::answers(alone()).size(), 1U);
}

TEST(Certified, FigureHasBothEdgesAndSaysWhereTheyMeet) {
  for (const record::Run& run : {joined(), alone()}) {
    const std::string svg = figure::to_curve_svg(run);
    EXPECT_EQ(record::cases::xml_problem("band.svg", svg), "");
    for (const char* name :
         {"certified", "not falsified", "undecided between", "exact (0 undecided)"})
      EXPECT_THAT(svg, HasSubstr(name));
  }
  record::Run exact = alone();
  exact.certificates[0].curve[0].attacked = 2;
  EXPECT_THAT(figure::to_curve_svg(exact),
              AllOf(HasSubstr("exact (0 undecided)"), Not(HasSubstr("undecided between"))));
}

TEST(Certified, LatexHasATableOfItsOwn) {
  const std::string tex = table::to_latex(alone());
  EXPECT_THAT(tex, AllOf(HasSubstr("\\label{tab:certified-linf}"), HasSubstr("$n = 4$"),
                         HasSubstr("0.1 & 50.0 & {\\scriptsize [15.0, 85.0]} & 25.0")));
  EXPECT_THAT(tex, HasSubstr("exact \\\\"));
  EXPECT_THAT(table::to_latex(joined()), HasSubstr("\\label{tab:accuracy-linf}"));
}

TEST(Certified, PageHasTheBand) {
  for (const record::Run& run : {joined(), alone()}) {
    const page::PageRun page{.run = &run};
    const std::string html = page::to_html({&page, 1}, {});
    EXPECT_EQ(record::cases::xml_problem("band.html", html), "");
    for (const char* text :
         {"<h2>Certified band</h2>", "2 / 4", "15.0–85.0 %", "0<small>exact</small>",
          "level R: in real &lt;b&gt;arithmetic", "gibbon certify -o &lt;two&gt;",
          "<th scope=\"row\">certified radius (lower bound)</th><td>3 / 4</td>",
          "certificates.linf.command"})
      EXPECT_THAT(html, HasSubstr(text));
    EXPECT_THAT(html, Not(HasSubstr("<two>")));
    const auto data = page::page_data({&page, 1})["runs"][0]["series"];
    const auto band = std::ranges::find(data, "certified", [](const auto& s) { return s["kind"]; });
    ASSERT_NE(band, data.end());
    const auto& point = (*band)["points"][0];
    EXPECT_EQ(point["k"], 2);
    EXPECT_EQ(point["attacked"]["k"], 1);
    EXPECT_EQ(point["undecided"], 1);
    // Within 0.2 all may be broken, two are: one at 0.2 and the one wrong when clean.
    EXPECT_EQ((*band)["radii"]["largest"], 0.2);
    EXPECT_EQ((*band)["radii"]["may"].front(), 1);
    EXPECT_EQ((*band)["radii"]["may"].back(), 4);
    EXPECT_EQ((*band)["radii"]["are"].back(), 2);
  }
}

}  // namespace
}  // namespace gibbon::reports::page
