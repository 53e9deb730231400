// SPDX-License-Identifier: MIT
#include "reports/record/text.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace gibbon::reports::record {
namespace {

TEST(Text, PercentIsNeverRoundedToAllOrNothing) {
  EXPECT_EQ(percent(0.1234), "12.3 %");
  EXPECT_EQ(percent(0.0), "0.0 %");
  EXPECT_EQ(percent(1.0), "100.0 %");
  EXPECT_EQ(percent(0.9999), "> 99.9 %");
  EXPECT_EQ(percent(0.0001), "< 0.1 %");
  EXPECT_EQ(percent(std::numeric_limits<double>::quiet_NaN()), "–");
  EXPECT_EQ(high_end(0.0004), "0.1");
  EXPECT_EQ(low_end(0.9999), "99.9");
  EXPECT_EQ(high_end(1.0), "100.0");
}

TEST(Text, EpsilonShowsEightBitSteps) {
  EXPECT_EQ(epsilon_text(8.0 / 255.0), "0.031373 = 8/255");
  EXPECT_EQ(epsilon_text(8.0 / 255.0 + 5e-10), "0.031373 = 8/255");
  EXPECT_EQ(epsilon_text(8.0 / 255.0 + 2e-9), "0.031373");
  EXPECT_EQ(epsilon_text(0.1), "0.1");
  EXPECT_EQ(epsilon_text(0.0), "0");
  EXPECT_EQ(epsilon_text(1.0), "1");
}

TEST(Text, WrapsBetweenWords) {
  EXPECT_EQ(wrapped("one two  three", 8), (std::vector<std::string>{"one two ", "three"}));
  EXPECT_EQ(wrapped("ε = 0.1\n\nlongword", 4),
            (std::vector<std::string>{"ε =", "0.1", "", "longword"}));
}

TEST(Text, GroupsThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(Text, PadsByColumnsNotBytes) {
  EXPECT_EQ(pad_left("l∞", 4), "  l∞");
  EXPECT_EQ(pad_right("l∞", 4), "l∞  ");
  EXPECT_EQ(pad_left("long", 2), "long");
}

TEST(Text, ClassWithoutNameIsItsNumber) {
  const std::vector<std::string> names{"zero", ""};
  EXPECT_EQ(class_name(names, 0), "zero");
  EXPECT_EQ(class_name(names, 1), "1");
  EXPECT_EQ(class_name(names, 7), "7");
  EXPECT_EQ(class_name(names, -1), "-1");
}

TEST(Text, PrintableTakesAnyBytes) {
  EXPECT_EQ(printable("a\nb\tc\x7F"), "a b c ");
  EXPECT_EQ(printable("l∞ \"q\" \\n"), "l∞ \"q\" \\n");
  EXPECT_EQ(printable("a\xFFz"), "a\xEF\xBF\xBDz");
}

TEST(Text, EscapesHtml) {
  EXPECT_EQ(escape_html("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
}

}  // namespace
}  // namespace gibbon::reports::record
