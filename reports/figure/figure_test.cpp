// SPDX-License-Identifier: MIT
#include "reports/figure/figure.hpp"

#include <array>
#include <cstdio>

#include "reports/figure/gnuplot.hpp"
#include "reports/figure/layout.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::figure {
namespace {

TEST(CurveSvg, IsXmlThatNamesEveryLine) {
  const std::string svg = to_curve_svg(record::cases::run());
  EXPECT_EQ(record::cases::xml_problem("curve.svg", svg), "");
  for (const char* text :
       {"fgsm:loss=ce", "noise-sign (noise)", "all attacks", "chance level, 1 of 3",
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

// What a program that is not ours says about a PDF, whose path stands for %.
std::string tool(std::string command, const std::string& pdf) {
  const std::string path = record::cases::scratch_file("curve.pdf", pdf);
  const std::string output = record::cases::scratch().file("tool.txt");
  command.replace(command.find('%'), 1, "'" + path + "'");
  EXPECT_EQ(std::system((command + " > '" + output + "'").c_str()), 0) << command;
  return record::cases::read_file(output);
}

// Width and height of the page in points.
std::pair<double, double> page_size(const std::string& pdf) {
  const std::string info = tool("pdfinfo %", pdf);
  const std::size_t size = info.find("Page size:");
  EXPECT_NE(size, std::string::npos) << info;
  std::size_t read = 0;
  const double width = std::stod(info.substr(size + 10), &read);
  return {width, std::stod(info.substr(size + 10 + read + 2))};
}

// A word of the PDF: left, top, right and bottom in points from the upper left corner.
std::array<double, 4> word_box(const std::string& pdf, const std::string& word) {
  const std::string words = tool("pdftotext -bbox % -", pdf);
  const std::size_t at = words.find(">" + word + "<");
  std::array<double, 4> box{};
  EXPECT_NE(at, std::string::npos) << word << " in\n" << words;
  if (at == std::string::npos) return box;
  const std::size_t begin = words.rfind("<word", at);
  EXPECT_EQ(std::sscanf(words.c_str() + begin,
                        "<word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\"", box.data(),
                        box.data() + 1, box.data() + 2, box.data() + 3),
            4);
  return box;
}

record::Run short_run() {
  record::Run run = record::cases::run();
  run.provenance["model"] = "a model of a name that is longer than a column is wide (784-16-16-10)";
  for (record::CurvePoint& point : run.curve)
    if (point.kind == record::RowKind::kAttack) point.attack = "fgsm";
  return run;
}

TEST(CurvePdf, IsAColumnWideOfEightPointsWithoutTitle) {
  const std::string pdf = to_curve_pdf(short_run());
  EXPECT_NEAR(page_size(pdf).first, 88.0 / 25.4 * 72.0, 1.0);
  const auto [left, top, right, bottom] = word_box(pdf, "0");
  constexpr double kFace = 0.928 + 0.236;  // ascent and descent of DejaVu Sans
  EXPECT_NEAR((bottom - top) / kFace, 8.0, 0.1);
  const std::string text = tool("pdftotext % -", pdf);
  EXPECT_EQ(text.find("a model"), std::string::npos);
  for (const char* name : {"fgsm", "noise-sign (noise)", "all attacks", "chance level, 1 of 3"})
    EXPECT_NE(text.find(name), std::string::npos) << text;
}

TEST(CurvePdf, LongNamesAreCutNotThePage) {
  record::Run run = short_run();
  for (record::CurvePoint& point : run.curve) point.attack += std::string(200, 'a');
  const std::string pdf = to_curve_pdf(run);
  EXPECT_NEAR(page_size(pdf).first, 88.0 / 25.4 * 72.0, 1.0);
  const std::string text = tool("pdftotext % -", pdf);
  EXPECT_NE(text.find("a…"), std::string::npos) << text;
}

TEST(CurvePdf, TitleSizeAndFontAreThoseAskedFor) {
  const record::Run run = short_run();
  const std::array named{record::NamedRun{.name = "", .run = &run}};
  const std::string pdf = draw(named, FigureFile::kPdf,
                               {.title = "Two_layers \"x\"",
                                .width = 120,
                                .height = 80,
                                .font = "DejaVu Serif",
                                .points = 9});
  const auto [width, height] = page_size(pdf);
  EXPECT_NEAR(width, 120.0 / 25.4 * 72.0, 1.0);
  EXPECT_NEAR(height, 80.0 / 25.4 * 72.0, 1.0);
  EXPECT_NE(tool("pdftotext % -", pdf).find("Two_layers \"x\""), std::string::npos);
  EXPECT_NE(tool("pdffonts %", pdf).find("DejaVuSerif"), std::string::npos);
  EXPECT_EQ(draw(named, FigureFile::kSvg, {.title = ""}).find("a model of a name that is longer"),
            draw(named, FigureFile::kSvg).find("<title>") + 7)
      << "for screen readers alone";
  EXPECT_EQ(
      record::cases::message_of<record::Error>(
          [&] { return draw(named, FigureFile::kPdf, {.width = 30, .height = 20}); }),
      "figure: 30 × 20 mm leave no room for the curves; choose a larger size, smaller type or "
      "shorter labels");
}

TEST(Curves, OfSeveralRunsTheColourMeansTheRun) {
  const record::Run one = short_run();
  record::Run other = one;
  for (record::CurvePoint& point : other.curve) point.correct = point.correct / 2;
  const std::array named{record::NamedRun{.name = "A: one", .run = &one},
                         record::NamedRun{.name = "B: other", .run = &other}};
  const std::vector<Plot> plots = plots_of(named);
  ASSERT_EQ(plots.size(), 1U);
  ASSERT_EQ(plots[0].curves.size(), 2U);
  EXPECT_EQ(plots[0].curves[0].name, "A: one") << "both are of all attacks";
  EXPECT_NE(plots[0].curves[0].look.colour, plots[0].curves[1].look.colour);
  EXPECT_EQ(plots[0].curves[1].spots.back().share, 0.0);
  const std::string svg = draw(named, FigureFile::kSvg);
  EXPECT_EQ(record::cases::xml_problem("two.svg", svg), "");
  for (const char* text : {"A: one and B: other", ">B: other<"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  EXPECT_EQ(svg.find("fgsm"), std::string::npos);
}

// Every place inside the plot that the legend's box covers, from curves that are known.
TEST(Layout, LegendIsInsideWhereNoCurveIsElseAbove) {
  const Format column{.type = 10, .width = 330, .plot_height = 170, .legend_inside = true};
  const auto plot = [](double share) {
    Plot made{.norm = "linf", .curves = {}, .bands = {}};
    made.curves.push_back(
        {.name = "fgsm",
         .spots = {{.epsilon = 0, .share = 95, .low = 90, .high = 99},
                   {.epsilon = 0.02, .share = share, .low = share - 5, .high = share + 5},
                   {.epsilon = 0.1, .share = 5, .low = 1, .high = 9}}});
    return made;
  };
  const auto legend = [&](const std::vector<Plot>& plots) {
    return layout_of(plots, {}, 10, column).plots[0].legend;
  };
  const Legend free = legend({plot(20)});
  EXPECT_EQ(free.place, LegendPlace::kInside);
  EXPECT_GT(free.left, 330 * 0.4);
  std::vector<Plot> full{plot(90)};
  for (const double high : {20.0, 40.0, 60.0, 80.0, 99.0}) {
    full[0].curves.push_back(full[0].curves[0]);
    full[0].curves.back().spots = {{.epsilon = 0, .share = high, .low = high - 8, .high = high},
                                   {.epsilon = 0.1, .share = high, .low = high - 8, .high = high}};
  }
  EXPECT_EQ(legend(full).place, LegendPlace::kAbove);
  const Layout two = layout_of(std::vector{plot(20), plot(20)}, {}, 10, column);
  EXPECT_EQ(two.plots[1].legend.place, LegendPlace::kNone) << "the names are the same";
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

TEST(Gnuplot, CharactersBeyondTheFontBecomeBoxes) {
  EXPECT_EQ(within_font("ε = 0.1, é, l∞, 猫 and 🐼"), "ε = 0.1, é, l∞, □ and □");
  EXPECT_EQ(within_font(""), "");
  EXPECT_EQ(within_font("\xE2"), "\xE2") << "cut off";
}

}  // namespace
}  // namespace gibbon::reports::figure
