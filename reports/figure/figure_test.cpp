// SPDX-License-Identifier: MIT
#include "reports/figure/figure.hpp"

#include "reports/figure/gnuplot.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::figure {
namespace {

TEST(CurveSvg, IsXmlThatNamesEveryLine) {
  const std::string svg = to_curve_svg(record::cases::run());
  EXPECT_EQ(record::cases::xml_problem("curve.svg", svg), "");
  for (const char* text :
       {"fgsm:loss=ce", "noise-sign (noise)", "worst-case", "chance level, 1 of 3",
        "three digits test", "perturbation size ε ([0, 1], l∞)",
        "n = 200, band: 95 % Wilson interval", "accuracy (%) of n = 200 test images"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  EXPECT_EQ(svg.find("<script"), std::string::npos);
}

TEST(CurveSvg, SameRunSameBytes) {
  EXPECT_EQ(to_curve_svg(record::cases::run()), to_curve_svg(record::cases::run()));
  EXPECT_EQ(to_curve_png(record::cases::run()), to_curve_png(record::cases::run()));
  const std::string pdf = to_curve_pdf(record::cases::run());
  EXPECT_EQ(to_curve_pdf(record::cases::run()), pdf);
  // Cairo writes the second of the day, which both have in common: no date of any kind is there.
  EXPECT_EQ(pdf.find("Date"), std::string::npos);
  EXPECT_EQ(pdf.find("(D:"), std::string::npos);
}

TEST(CurveSvg, OnePanelPerNorm) {
  record::Run run = record::cases::run();
  record::CurvePoint other = run.curve[1];
  other.norm = "l2";
  other.epsilon = 0.0;  // the only ε: an axis from 0 to 0 must not fail
  run.curve.push_back(other);
  const std::string svg = to_curve_svg(run);
  EXPECT_NE(svg.find("l∞)"), std::string::npos);
  EXPECT_NE(svg.find("l₂)"), std::string::npos);
}

TEST(CurveSvg, NamesAreTextNotCommands) {
  record::Run run = record::cases::run();
  const std::string evil =
      "'; print system(\"echo hacked\") #`echo hacked`\n@x {/:Bold y}_a^b \\n (1),07 'z";
  run.provenance["model"] = evil;
  for (record::CurvePoint& point : run.curve) point.attack += evil;
  const std::string svg = to_curve_svg(run);
  EXPECT_EQ(record::cases::xml_problem("evil.svg", svg), "");
  EXPECT_NE(svg.find("`echo hacked` @x {/:Bold y}_a^b \\n (1),07 'z"), std::string::npos);
}

TEST(CurvePng, IsAPngOfTwiceTheSize) {
  const std::string png = to_curve_png(record::cases::run());
  ASSERT_GT(png.size(), 24U);
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  const auto width =
      static_cast<unsigned char>(png[18]) * 256 + static_cast<unsigned char>(png[19]);
  EXPECT_GT(width, 1400);
  EXPECT_LT(width, 4000);
}

TEST(CurvePdf, IsAColumnWideAndNamesEveryLine) {
  const std::string path =
      record::cases::scratch_file("curve.pdf", to_curve_pdf(record::cases::run()));
  const auto tool = [&](const std::string& command) {
    const std::string output = record::cases::scratch().file("tool.txt");
    EXPECT_EQ(std::system((command + " > '" + output + "'").c_str()), 0) << command;
    return record::cases::read_file(output);
  };
  const std::string info = tool("pdfinfo '" + path + "'");
  const std::size_t size = info.find("Page size:");
  ASSERT_NE(size, std::string::npos) << info;
  const double width = std::stod(info.substr(size + 10));
  EXPECT_GE(width, 240.0);
  EXPECT_LE(width, 400.0) << "names this long need more than the 250 points of a column";
  const std::string text = tool("pdftotext '" + path + "' -");
  for (const char* name :
       {"fgsm:loss=ce", "noise-sign (noise)", "worst-case", "chance level, 1 of 3"})
    EXPECT_NE(text.find(name), std::string::npos) << text;
}

TEST(Curve, SevenAttacksDoNotShareOneLook) {
  record::Run run = record::cases::run();
  run.curve.clear();
  for (int k = 0; k < 8; ++k)
    run.curve.push_back(record::cases::point("attack-" + std::to_string(k), "attack", 0.1, 20));
  const auto dashes = [&] {
    const std::string svg = to_curve_svg(run);
    std::size_t count = 0;
    for (auto at = svg.find("stroke-dasharray"); at != std::string::npos;
         at = svg.find("stroke-dasharray", at + 1))
      ++count;
    return count;
  };
  const std::size_t eight = dashes();
  run.curve.resize(6);
  EXPECT_EQ(eight, dashes() + 2);
}

TEST(Curve, RunWithoutPointsIsAnError) {
  EXPECT_NE(record::cases::message_of<record::Error>([] {
              return to_curve_svg(record::Run{});
            }).find("the run has no point"),
            std::string::npos);
}

TEST(Gnuplot, MissingProgramNamesThePackage) {
  EXPECT_EQ(
      record::cases::message_of<record::Error>([] { return run_gnuplot("", "no-such-gnuplot"); }),
      "figure: no-such-gnuplot cannot be started; gnuplot 5.4 or later draws the curves; apt-get "
      "install gnuplot-nox");
}

TEST(Gnuplot, ItsOwnWordsAreInTheError) {
  const std::string problem =
      record::cases::message_of<record::Error>([] { return run_gnuplot("plot undefined_name\n"); });
  EXPECT_NE(problem.find("gnuplot failed with status"), std::string::npos);
  EXPECT_NE(problem.find("undefined_name"), std::string::npos);
}

}  // namespace
}  // namespace gibbon::reports::figure
