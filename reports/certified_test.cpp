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
          .curve = {{.epsilon = 0.1, .n = 4, .certified = 2, .attacked = 1},
                    {.epsilon = 0.2, .n = 4, .attacked = 4}},
          .samples = {{.id = 7, .label = 1, .predicted = 1, .certified = 0.125, .method = "crown"},
                      {.id = 8, .label = 1, .predicted = 1, .certified = 0.15, .attacked = 0.2},
                      {.id = 9,
                       .label = 1,
                       .predicted = 1,
                       .certified = 0.0625,
                       .bound = -0.5,
                       .reason = "nodes"},
                      {.id = 11, .label = 1, .predicted = 2, .attacked = 0.0}}};
}

// Wilson's interval of 2 of 4 and of 0 of 4 at 95 %.
TEST(Certified, CsvHasARowPerBudget) {
  const std::string csv = to_certified_csv(example());
  EXPECT_THAT(csv, testing::StartsWith(
                       "norm,epsilon,n,certified,attacked,undecided,clean_correct,certified_share,"
                       "certified_low,certified_high,attacked_share,attacked_low,attacked_high,"
                       "undecided_share,undecided_low,undecided_high\n"
                       "linf,0.1,4,2,1,1,3,0.5,0.15"));
  EXPECT_THAT(csv, HasSubstr("\nlinf,0.2,4,0,4,0,3,0,0,0.4898"));
}

TEST(Certified, JsonSaysNullWhereNothingIsProved) {
  const auto json = nlohmann::json::parse(to_certified_json(example()));
  EXPECT_EQ(json["soundness"], "level R: in real arithmetic");
  EXPECT_EQ(json["curve"][0]["certified"], 2);
  EXPECT_EQ(json["curve"][0]["undecided"], 1);
  EXPECT_EQ(json["samples"][0]["certified"], 0.125);
  EXPECT_TRUE(json["samples"][0]["attacked"].is_null());
  EXPECT_TRUE(json["samples"][0]["bound"].is_null());
  EXPECT_EQ(json["samples"][2]["bound"], -0.5);
  EXPECT_TRUE(json["samples"][3]["certified"].is_null());
  EXPECT_EQ(json["samples"][3]["attacked"], 0.0);
}

TEST(Certified, TableNamesDenominatorIntervalAndLevel) {
  const std::string table = to_certified_table(example());
  for (const char* part :
       {"50.0 %  2/4  [15.0, 85.0]", "25.0 %  1/4  [4.6, 69.9]", "0, exact", "95 % Wilson interval",
        "3 of 4 are right", "level R", "median certified radius 0.0625"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace gibbon::reports
