#include "reports/certified.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

Certificates example() {
  return {.provenance = {{"schema", 1}},
          .norm = "linf",
          .title = "<script>\x1b[31m",
          .level = "level R: in real arithmetic",
          .clean_correct = 3,
          .with_radius = true,
          .curve = {{.epsilon = 0.1, .n = 4, .certified = 2}, {.epsilon = 0.2, .n = 4}},
          .samples = {{.id = 7, .label = 1, .predicted = 1, .epsilon = 0.1, .radius = 0.125},
                      {.id = 8, .label = 1, .predicted = 1, .epsilon = 0.1, .radius = 0.15},
                      {.id = 9, .label = 1, .predicted = 1, .radius = 0.0625},
                      {.id = 11, .label = 1, .predicted = 2}}};
}

// Wilson's interval of 2 of 4 and of 0 of 4 at 95 %.
TEST(Certified, CsvHasARowPerBudget) {
  const std::string csv = to_certified_csv(example());
  EXPECT_THAT(csv, testing::StartsWith(
                       "norm,epsilon,n,certified,share,wilson_low,wilson_high,clean_correct\n"
                       "linf,0.1,4,2,0.5,0.15"));
  EXPECT_THAT(csv, HasSubstr("\nlinf,0.2,4,0,0,0,0.4898"));
}

TEST(Certified, JsonSaysNullWhereNothingIsProved) {
  const auto json = nlohmann::json::parse(to_certified_json(example()));
  EXPECT_EQ(json["soundness"], "level R: in real arithmetic");
  EXPECT_EQ(json["curve"][0]["certified"], 2);
  EXPECT_EQ(json["samples"][0]["radius"], 0.125);
  EXPECT_TRUE(json["samples"][2]["epsilon"].is_null());
  EXPECT_TRUE(json["samples"][3]["radius"].is_null());
  Certificates without = example();
  without.with_radius = false;
  EXPECT_THAT(to_certified_json(without), Not(HasSubstr("radius")));
}

TEST(Certified, TableNamesDenominatorIntervalAndLevel) {
  const std::string table = to_certified_table(example());
  for (const char* part : {"50.0 %", "2/4", "95 % interval", "3 of 4 are right", "level R",
                           "median certified radius 0.0625"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace gibbon::reports
