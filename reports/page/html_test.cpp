// SPDX-License-Identifier: MIT
#include "reports/page/html.hpp"

#include <array>

#include "reports/formats/base64.hpp"
#include "reports/record/record_cases.hpp"
#include "reports/record/subject.hpp"

namespace gibbon::reports::page {
namespace {

std::string page() {
  const record::Run run = record::cases::run();
  const record::Gallery gallery = record::cases::gallery();
  const PageRun one{.run = &run, .gallery = &gallery};
  return to_html({&one, 1},
                 {.svg = "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                  .pdf = "%PDF-1.5 <two>"});
}

std::string empty_page() {
  const record::Run nothing;
  const PageRun one{.run = &nothing};
  return to_html({&one, 1}, {});
}

TEST(Base64, HasTheRfcVectors) {
  EXPECT_EQ(formats::to_base64(""), "");
  EXPECT_EQ(formats::to_base64("f"), "Zg==");
  EXPECT_EQ(formats::to_base64("fo"), "Zm8=");
  EXPECT_EQ(formats::to_base64("foo"), "Zm9v");
  EXPECT_EQ(formats::to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(formats::to_base64("\xFF\xFE\xFD"), "//79");
}

TEST(Html, IsWellFormed) {
  EXPECT_EQ(record::cases::xml_problem("report.html", page()), "");
  EXPECT_EQ(record::cases::xml_problem("empty.html", empty_page()), "");
}

TEST(Html, SeveralRunsStartWithATable) {
  const record::Run one = record::cases::run();
  record::Run other = one;
  other.provenance["model"] = "the other";
  other.curve = {record::cases::point("pgd", "attack", 0.1, 7)};
  const std::array runs{PageRun{.run = &one}, PageRun{.run = &other}};
  const std::string html = to_html(runs, {});
  EXPECT_EQ(record::cases::xml_problem("two.html", html), "");
  const std::size_t table = html.find("<table class=\"summary\">");
  ASSERT_NE(table, std::string::npos);
  EXPECT_LT(html.find("<h1>Robustness of 2 models on three digits test, n = 200</h1>"), table);
  EXPECT_LT(table, html.find("<section id=\"accuracy\">"));
  const std::string row = html.substr(html.find("B:<wbr/> the other", table), 200);
  EXPECT_NE(row.find("<td>pgd</td><td>90.0 %"), std::string::npos) << row;
  EXPECT_NE(html.find("l∞, ε = 0.1</th></tr>", table), std::string::npos)
      << "the only ε that both have";
}

TEST(Html, OfAThousandClassesThoseOfTheSamplesAreShown) {
  record::Run run = record::cases::run();
  auto& names = run.provenance["data"]["classes"];
  for (int c = 3; c < 1000; ++c) names.push_back("class <" + std::to_string(c));
  for (record::CurvePoint& point : run.curve) {
    point.class_n.resize(1000);
    point.class_correct.resize(1000);
    point.class_n[7] = 2;
  }
  const PageRun one{.run = &run};
  const std::string html = to_html({&one, 1}, {});
  EXPECT_NE(html.find("class &lt;7<small>n = 2</small>"), std::string::npos);
  EXPECT_EQ(html.find("class &lt;8<small>"), std::string::npos);
  EXPECT_NE(html.find("&lt;two&gt;<small>n = 40</small>"), std::string::npos);
}

TEST(Html, NothingFromTheRunIsMarkup) {
  const std::string html = page();
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("<two>"), std::string::npos);
  EXPECT_EQ(html.find("<b>no</b>"), std::string::npos);
  EXPECT_EQ(html.find("a & b.toml"), std::string::npos);
  EXPECT_NE(html.find("mlp &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), std::string::npos);
  EXPECT_NE(html.find("mlp \\u003cscript\\u003ealert('x')\\u003c/script\\u003e"),
            std::string::npos);
}

// What the scripts would load is tested in a browser, page_test.py.
TEST(Html, NeedsNothingFromOutside) {
  const std::string html = page();
  for (const char* text : {"src=\"http", "src=\"/", "@import", "url(", "<link rel=\"stylesheet\""})
    EXPECT_EQ(html.find(text), std::string::npos) << text;
}

TEST(Html, HasEverySection) {
  const std::string html = page();
  for (const char* text : {"<html lang=\"en\">",
                           "<meta charset=\"utf-8\"/>",
                           "name=\"viewport\"",
                           "<title>Robustness of ",
                           "prefers-color-scheme: dark",
                           "@media print",
                           "<noscript><div class=\"card scroll\"><img ",
                           "0.031373 = 8/255",
                           "120 / 200",
                           "53.1–66.5 %",
                           "<summary>Per class",
                           "zero<small>n = 100</small>",
                           "<h2>Diagnosis</h2>",
                           "<h2>Not comparable with</h2>",
                           "<details><summary>Provenance</summary>",
                           "<a download=\"curve.svg\" href=\"data:image/svg+xml;base64,",
                           "<a download=\"curve.pdf\" href=\"data:application/pdf;base64,",
                           "<a download=\"curve.csv\" href=\"data:text/csv;base64,",
                           "gibbon run &quot;a &amp; b.toml&quot; -o out/",
                           "<th scope=\"row\">model.units</th><td>784, 32, 3</td>",
                           "81.2 %",
                           "79 of 80"})
    EXPECT_NE(html.find(text), std::string::npos) << text;
}

TEST(Subject, AsksAndAnswers) {
  record::Run run = record::cases::run();
  run.provenance["model"] = "mlp";
  EXPECT_EQ(
      record::question(run),
      "How large a change of each input value of three digits test images does mlp withstand?");
  ASSERT_EQ(record::answers(run).size(), 1U);
  EXPECT_EQ(record::answers(run)[0],
            "At ε = 0.1 (l∞, the smallest ε tested at which robust accuracy is below half of clean "
            "accuracy), robust accuracy under the strongest attack per image is 0.0 % (0 of 200; "
            "95 % interval 0.0–1.9 %); clean accuracy 90.0 %.");
}

TEST(Subject, NamesTheLargestBudgetWhenTheModelHolds) {
  record::Run run = record::cases::run();
  run.curve = {record::cases::point("fgsm", "attack", 0.05, 170),
               record::cases::point("fgsm", "attack", 0.1, 150)};
  EXPECT_EQ(record::answers(run)[0],
            "At ε = 0.1 (l∞, the largest ε tested), robust accuracy under fgsm is 75.0 % (150 of "
            "200; 95 % interval 68.6–80.5 %); clean accuracy 90.0 %.");
}

TEST(Subject, NoiseAloneIsNoAnswer) {
  record::Run run = record::cases::run();
  run.curve = {record::cases::point("noise-sign", "control", 0.1, 170)};
  EXPECT_EQ(record::answers(run)[0],
            "In l∞, only noise was tried; this says nothing about robustness to attacks.");
}

}  // namespace
}  // namespace gibbon::reports::page
