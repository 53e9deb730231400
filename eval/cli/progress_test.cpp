// SPDX-License-Identifier: MIT
#include "eval/cli/progress.hpp"

#include <gtest/gtest.h>

namespace gibbon::eval::cli {
namespace {

TEST(ProgressLine, FitsTheTerminal) {
  const std::string text = "sweep  50 %  3 s left  pgd (linf): 200 of 400 samples, ε = 0.3";
  EXPECT_EQ(progress_line(0.5, "sweep", 80), "[############............] sweep");
  EXPECT_EQ(progress_line(0.0, "sweep", 80), "[........................] sweep");
  EXPECT_EQ(progress_line(1.0, "sweep", 80), "[########################] sweep");
  for (const std::size_t width : {1U, 2U, 10U, 40U, 59U, 60U, 80U, 87U, 88U, 140U}) {
    const std::string line = progress_line(0.5, text, width);
    std::size_t columns = 0;
    for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
    EXPECT_LE(columns, std::max<std::size_t>(1, width - 1)) << width;
    EXPECT_NE(static_cast<unsigned char>(line.back()), 0xCEU) << "half of an ε";
  }
  EXPECT_TRUE(progress_line(0.5, text, 140).ends_with("ε = 0.3"));
  EXPECT_TRUE(progress_line(0.5, text, 40).starts_with("sweep  50 %  3 s left"));
}

TEST(TimeLeft, IsThatOfTheSpeedOfLate) {
  TimeLeft left;
  EXPECT_FALSE(left.seconds());
  left.see(0.0, 0.0);
  left.see(0.5, 0.4);
  EXPECT_FALSE(left.seconds()) << "half a second says nothing";
  left.see(1.0, 0.5);
  EXPECT_NEAR(*left.seconds(), 1.0, 1e-9);
  // From then on a tenth of that speed: after ten seconds nothing else counts.
  for (int k = 1; k <= 100; ++k) left.see(1.0 + 0.1 * k, 0.5 + 0.0005 * k);
  EXPECT_NEAR(*left.seconds(), 0.45 / 0.005, 5.0);
  TimeLeft stuck;
  stuck.see(0.0, 0.5);
  stuck.see(20.0, 0.5);
  EXPECT_FALSE(stuck.seconds());
}

}  // namespace
}  // namespace gibbon::eval::cli
