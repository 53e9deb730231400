// SPDX-License-Identifier: MIT
#include "reports/record/smoothed.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon::reports::record {
namespace {

using testing::HasSubstr;

Smoothed example() {
  return {
      .provenance = {{"schema", 1}},
      .title = "<script>\n.onnx",
      .sigma = 0.25,
      .n0 = 100,
      .n = 100000,
      .alpha = 0.001,
      .curve = {{.epsilon = 0.5, .n = 3, .certified = 1}},
      .samples = {{.id = 4,
                   .label = 1,
                   .predicted = 1,
                   .top = 1,
                   .hits = 99900,
                   .p_low = 0.99,
                   .radius = 0.58},
                  {.id = 5, .label = 1, .predicted = -1, .top = 2, .hits = 50000, .p_low = 0.49},
                  {.id = 6,
                   .label = 1,
                   .predicted = 2,
                   .top = 2,
                   .hits = 99999,
                   .p_low = 0.999,
                   .radius = 0.77}}};
}

TEST(Smoothed, HoldsWhereItIsRightAndBelowTheRadius) {
  const Smoothed s = example();
  EXPECT_TRUE(s.samples[0].holds(0.5));
  EXPECT_FALSE(s.samples[0].holds(0.58));
  EXPECT_FALSE(s.samples[1].holds(0.0)) << "abstains";
  EXPECT_FALSE(s.samples[2].holds(0.5)) << "wrong";
}

TEST(Smoothed, CsvNamesDrawsAndAlpha) {
  const std::string csv = to_smoothed_csv(example());
  EXPECT_THAT(csv, testing::StartsWith(
                       "norm,epsilon,n,certified,share,wilson_low,wilson_high,sigma,draws,alpha\n"
                       "l2,0.5,3,1,0.333"));
  EXPECT_THAT(csv, testing::EndsWith(",0.25,100000,0.001\n"));
}

TEST(Smoothed, JsonSaysWhatItHoldsFor) {
  const auto json = nlohmann::json::parse(to_smoothed_json(example()));
  EXPECT_THAT(json["certificate"].get<std::string>(),
              testing::AllOf(HasSubstr("smoothed classifier"),
                             HasSubstr("probability at least 0.999"), HasSubstr("100,000 draws")));
  EXPECT_EQ(json["abstained"], 1);
  EXPECT_EQ(json["right"], 1);
  EXPECT_TRUE(json["samples"][1]["predicted"].is_null());
  EXPECT_EQ(json["samples"][0]["radius"], 0.58);
}

TEST(Smoothed, TableIsOneForATerminal) {
  const std::string table = to_smoothed_table(example());
  EXPECT_THAT(
      table,
      HasSubstr(
          "<script> .onnx, l₂, smoothed with σ = 0.25\nclean accuracy 1 of 3, 1 abstained\n"));
  EXPECT_THAT(table, HasSubstr("33.3 %"));
  EXPECT_THAT(table, HasSubstr("not for the model itself"));
}

}  // namespace
}  // namespace gibbon::reports::record
