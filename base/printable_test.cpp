// SPDX-License-Identifier: MIT
#include "base/printable.hpp"

#include <gtest/gtest.h>

namespace gibbon {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("l∞ \"q\" \\n 猿 🐒 <b>"), "l∞ \"q\" \\n 猿 🐒 <b>");
}

TEST(Printable, NothingActsOnATerminal) {
  EXPECT_EQ(printable("a\nb\tc\x7F\r"), "a b c  ");
  EXPECT_EQ(printable("\x1B[31mred\x1B]0;title\x07"), " [31mred ]0;title ");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            " 31m");  // CSI as one character of C1
  EXPECT_EQ(printable("\u202Etxt\u2028\u2066"), " txt  ");
}

TEST(Printable, InvalidUtf8IsReplacedByteByByte) {
  EXPECT_EQ(printable("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(printable("\xC0\x80"), "\uFFFD\uFFFD");            // overlong NUL
  EXPECT_EQ(printable("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(printable("\xF4\x90\x80\x80").size(), 12U);        // above U+10FFFF
  EXPECT_EQ(printable("\xE2\x82"), "\uFFFD\uFFFD");            // cut off
}

}  // namespace
}  // namespace gibbon
