// SPDX-License-Identifier: MIT
#include "eval/verify/decimal.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace gibbon::eval::verify {
namespace {

/// The double next to `value`, above or below.
double above(double value) { return std::nextafter(value, 1e308); }
double below(double value) { return std::nextafter(value, -1e308); }

TEST(Decimal, LiesBetweenTheDoublesAroundIt) {
  struct Case {
    std::string text;
    double low;
    double high;
  };
  // 0.1 as a double is 0.1000000000000000055…, 0.3 is 0.29999999999999998889….
  const Case cases[] = {
      {"0", 0.0, 0.0},
      {"-0.000", 0.0, 0.0},
      {"0e-9999999", 0.0, 0.0},
      {"1", 1.0, 1.0},
      {"+1.", 1.0, 1.0},
      {".5", 0.5, 0.5},
      {"-0.75", -0.75, -0.75},
      {"1250e-3", 1.25, 1.25},
      {"0.000125E+4", 1.25, 1.25},
      {"0.1", below(0.1), 0.1},
      {"-0.1", -0.1, above(-0.1)},
      {"0.3", 0.3, above(0.3)},
      {"-0.3", below(-0.3), -0.3},
      {"0.1000000000000000055511151231257827021181583404541015625", 0.1, 0.1},
      {"0.10000000000000000555111512312578270211815834045410156250000", 0.1, 0.1},
      {"0.1000000000000000055511151231257827021181583404541015624", below(0.1), 0.1},
      {"0.1000000000000000055511151231257827021181583404541015626", 0.1, above(0.1)},
      {"1.0000000000000000000000000001", 1.0, above(1.0)},
      {"0.9999999999999999999999999999", below(1.0), 1.0},
      {"0.029999999329447746", below(0.029999999329447746), 0.029999999329447746},
      {"4.9406564584124654e-324", 0.0, std::numeric_limits<double>::denorm_min()},
      {"-6.72", below(-6.72), -6.72}};
  for (const Case& c : cases) {
    const auto got = parse_decimal(c.text);
    ASSERT_TRUE(got) << c.text;
    EXPECT_EQ(got->low, c.low) << c.text;
    EXPECT_EQ(got->high, c.high) << c.text;
    EXPECT_TRUE(got->nearest == got->low || got->nearest == got->high) << c.text;
    EXPECT_EQ(got->nearest, std::strtod(c.text.c_str(), nullptr)) << c.text;
    EXPECT_FALSE(std::signbit(got->low) && got->low == 0.0) << c.text;
  }
}

TEST(Decimal, OtherTextIsNone) {
  for (const std::string text : {"",      "-",
                                 ".",     "e5",
                                 "1e",    "1e+",
                                 "nan",   "inf",
                                 "-inf",  "0x1p3",
                                 "1,5",   "1 ",
                                 " 1",    "--1",
                                 "1e999", "-1e999",
                                 "1.2.3", "1e5.0",
                                 "Y_0",   "1/3",
                                 "1e+-5", "1e99999999999999999999"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

}  // namespace
}  // namespace gibbon::eval::verify
