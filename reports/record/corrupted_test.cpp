// SPDX-License-Identifier: MIT
#include "reports/record/corrupted.hpp"

#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "reports/figure/severity_figure.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"
#include "reports/table/corrupted_table.hpp"

namespace gibbon::reports::record {
namespace {

using testing::HasSubstr;

/// Four samples under two corruptions at two severities; the last is wrong when clean.
Corrupted example() {
  Corrupted all{.provenance = {{"schema", 1}},
                .model = "<m>.onnx",
                .data = "mnist test",
                .corruptions = {{"fog", "weather"}, {"pixelate", "digital"}},
                .severities = {1, 3},
                .searches = {"random", "grid-3x1x1"},
                .box = {{"max_rotation", 30.0}, {"max_down", 3.0}, {"max_right", 3.0}},
                .passes = 9};
  const PosedOutcome right{.correct = true, .predicted = 1};
  const PosedOutcome wrong{.predicted = 2, .has_pose = true, .degrees = -30.0, .right = 1.5};
  all.samples = {{5, 1, 1, {1, 1, 1, 1}, {right, right}},
                 {6, 1, 1, {1, 0, 1, 0}, {right, wrong}},
                 {7, 1, 1, {1, 0, 1, 1}, {right, wrong}},
                 {8, 0, 1, {1, 1, 0, 1}, {wrong, wrong}}};
  return all;
}

TEST(Corrupted, CountsFromTheSamples) {
  const Corrupted all = example();
  const auto is = [](const Count& count, std::uint64_t k, std::uint64_t n) {
    return count.k == k && count.n == n;
  };
  EXPECT_TRUE(is(clean_count(all), 3, 4));
  EXPECT_TRUE(is(count_at(all, 0, 0), 3, 4));
  EXPECT_TRUE(is(count_at(all, 0, 1), 1, 4));
  EXPECT_TRUE(is(count_at(all, 1, 0), 4, 4));
  EXPECT_TRUE(is(count_at(all, 1, 1), 2, 4));
  EXPECT_TRUE(is(pooled_count(all, 0), 7, 8));
  EXPECT_TRUE(is(pooled_count(all, 1), 3, 8));
  EXPECT_TRUE(is(worst_count(all, 0), 3, 4));
  EXPECT_TRUE(is(worst_count(all, 1), 1, 4));
  EXPECT_TRUE(is(posed_count(all, 0), 3, 4));
  EXPECT_TRUE(is(posed_count(all, 1), 1, 4));
  EXPECT_TRUE(is(worst_of_all(all), 1, 4));
  const CorruptionErrors errors = corruption_errors(all);
  EXPECT_DOUBLE_EQ(errors.mean, 6.0 / 16.0);
  EXPECT_DOUBLE_EQ(errors.relative, 0.75 - 0.625);
  EXPECT_DOUBLE_EQ(errors.kept, 0.625 / 0.75);
}

TEST(Corrupted, AMeanIsAsUncertainAsItsSamples) {
  const Interval one = wilson95(30, 100);
  const Interval pooled = pooled95({.k = 450, .n = 1500}, 100);
  EXPECT_DOUBLE_EQ(pooled.low, one.low);
  EXPECT_DOUBLE_EQ(pooled.high, one.high);
  const Interval between = pooled95({.k = 455, .n = 1500}, 100);  // 30.3 of 100
  EXPECT_DOUBLE_EQ(between.low, wilson95(30, 100).low);
  EXPECT_DOUBLE_EQ(between.high, wilson95(31, 100).high);
}

TEST(Corrupted, CsvHasARowPerRate) {
  const std::string csv = to_corruptions_csv(example());
  EXPECT_THAT(csv, testing::StartsWith("corruption,severity,n,correct,accuracy,wilson_low,"
                                       "wilson_high,relative_accuracy\nclean,0,4,3,0.75,"));
  EXPECT_THAT(csv, HasSubstr("\nfog,3,4,1,0.25,"));
  EXPECT_THAT(csv, HasSubstr("\nworst-case,3,4,1,0.25,"));
  EXPECT_THAT(csv, HasSubstr("\nrotation-translation:grid-3x1x1,,4,1,0.25,"));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 1 + 1 + 4 + 2 + 2);
}

TEST(Corrupted, SamplesCsvHasAColumnPerPrediction) {
  const std::string csv = to_corruption_samples_csv(example());
  EXPECT_THAT(csv, testing::StartsWith("id,label,clean,fog:1,fog:3,pixelate:1,pixelate:3,"
                                       "rotation-translation:random,"));
  EXPECT_THAT(csv, HasSubstr("\n6,1,1,1,0,1,0,1,,,,2,-30,0,1.5\n"));
  for (const auto& line : {csv.substr(0, csv.find('\n')), csv.substr(csv.rfind("\n8,") + 1)}) {
    EXPECT_EQ(std::ranges::count(line, ','), 14);
  }
}

TEST(Corrupted, JsonSaysWhatWasCounted) {
  const auto json = nlohmann::json::parse(to_corruptions_json(example()));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["clean"]["correct"], 3);
  EXPECT_EQ(json["corruptions"].size(), 4U);
  EXPECT_EQ(json["corruptions"][1]["corruption"], "fog");
  EXPECT_EQ(json["corruptions"][1]["severity"], 3);
  EXPECT_DOUBLE_EQ(json["corruptions"][1]["relative_accuracy"].get<double>(), 0.25 / 0.75);
  EXPECT_EQ(json["severities"][0]["mean"]["pictures"], 8);
  EXPECT_EQ(json["severities"][0]["worst_case"]["correct"], 3);
  EXPECT_EQ(json["rotation_translation"]["searches"][1]["correct"], 1);
  EXPECT_EQ(json["rotation_translation"]["passes"], 9);
  EXPECT_EQ(json["mean_corruption_error"], 0.375);
  Corrupted wrong = example();
  for (CorruptedSample& sample : wrong.samples) sample.clean = sample.label + 1;
  EXPECT_TRUE(
      nlohmann::json::parse(to_corruptions_json(wrong))["mean_relative_accuracy"].is_null());
}

TEST(Corrupted, TableNamesEveryDenominator) {
  const std::string text = table::to_corrupted_table(example(), {});
  EXPECT_THAT(text, HasSubstr("<m>.onnx on mnist test, n = 4\nclean accuracy 75.0 % (3 of 4; "));
  EXPECT_THAT(text, HasSubstr("fog"));
  EXPECT_THAT(text, HasSubstr("87.5 %  7/8  ["));
  EXPECT_THAT(text, HasSubstr("1/4  ["));
  EXPECT_THAT(text, HasSubstr("mean corruption error 37.5 % of 16 pictures; 12.5 points more than "
                              "clean; 83.3 % of the clean accuracy is kept"));
  EXPECT_THAT(text, HasSubstr("Rotations up to ±30°, shifts up to ±3 pixels"));
}

TEST(Corrupted, FigureIsAnSvgOfItsPanels) {
  const std::string svg = figure::to_severity_svg(example());
  EXPECT_EQ(cases::xml_problem("corruptions.svg", svg), "");
  for (const char* text : {"weather", "digital", "all together", "worst case", "severity"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
  EXPECT_EQ(svg.find("<m>"), std::string::npos);
  EXPECT_EQ(figure::to_severity_svg(example()), svg);
  EXPECT_THROW(static_cast<void>(figure::to_severity_svg({})), Error);
}

}  // namespace
}  // namespace gibbon::reports::record
