// SPDX-License-Identifier: MIT
#include "datasets/digit.hpp"

#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace gibbon::datasets {
namespace {

constexpr std::size_t kWidth = 320;
constexpr std::size_t kHeight = 240;

/// A photograph of an L: 120 pixels high and 60 wide, strokes of 16, at (left, top), under light
/// that falls from the left. Levels of paper and ink where the light is full.
Picture letter(double paper, double ink, std::size_t left = 40, std::size_t top = 30) {
  Picture picture{.height = kHeight, .width = kWidth, .channels = 3, .pixels = {}};
  for (std::size_t y = 0; y < kHeight; ++y) {
    for (std::size_t x = 0; x < kWidth; ++x) {
      const bool stem = x >= left && x < left + 16 && y >= top && y < top + 120;
      const bool foot = x >= left && x < left + 60 && y >= top + 104 && y < top + 120;
      const bool speck = x >= 250 && x < 254 && y >= 200 && y < 204;
      const double light = 1.0 - 0.4 * static_cast<double>(x) / kWidth;
      const auto level =
          static_cast<std::uint8_t>(std::lround(light * (stem || foot || speck ? ink : paper)));
      picture.pixels.insert(picture.pixels.end(), 3, level);
    }
  }
  return picture;
}

/// First and last row and column with ink, and the centre of mass.
struct Extent {
  std::size_t top = kDigitSide, bottom = 0, left = kDigitSide, right = 0;
  double x = 0.0, y = 0.0;
};
Extent extent_of(const Picture& digit) {
  Extent e;
  double mass = 0.0;
  for (std::size_t row = 0; row < kDigitSide; ++row) {
    for (std::size_t col = 0; col < kDigitSide; ++col) {
      const double level = digit.pixels[row * kDigitSide + col];
      mass += level;
      e.x += level * static_cast<double>(col);
      e.y += level * static_cast<double>(row);
      if (level < 64) continue;
      e.top = std::min(e.top, row);
      e.bottom = std::max(e.bottom, row);
      e.left = std::min(e.left, col);
      e.right = std::max(e.right, col);
    }
  }
  e.x /= mass;
  e.y /= mass;
  return e;
}

TEST(Digit, IsTwentyPixelsHighWithItsMassInTheMiddle) {
  for (const bool dark_on_light : {true, false}) {
    const Picture photo = dark_on_light ? letter(220, 60) : letter(60, 220);
    const std::vector<DigitStep> steps = prepare_digit(photo, "l.jpg");
    EXPECT_EQ(steps.size(), dark_on_light ? 6U : 5U) << "only dark on light is inverted";
    const Picture& digit = steps.back().picture;
    ASSERT_EQ(digit.pixels.size(), kDigitSide * kDigitSide);
    const Extent e = extent_of(digit);
    EXPECT_EQ(e.bottom - e.top + 1, 20U);
    EXPECT_EQ(e.right - e.left + 1, 10U);
    EXPECT_LE(std::abs(e.x - 14.0), 0.51);
    EXPECT_LE(std::abs(e.y - 14.0), 0.51);
    EXPECT_EQ(digit.pixels[0], 0) << "paper is black, however the light falls";
    EXPECT_GE(digit.pixels[e.top * kDigitSide + e.left], 200) << "and ink is white";
  }
}

TEST(Digit, IsFoundOnASheetOnADarkDesk) {
  const Picture sheet = letter(220, 60);
  Picture desk{.height = kHeight + 160, .width = kWidth + 160, .channels = 3, .pixels = {}};
  desk.pixels.assign(desk.height * desk.width * 3, 25);
  for (std::size_t row = 0; row < kHeight; ++row)
    std::copy_n(sheet.pixels.data() + row * kWidth * 3, kWidth * 3,
                desk.pixels.data() + ((row + 80) * desk.width + 80) * 3);
  const std::vector<DigitStep> steps = prepare_digit(desk, "desk.jpg");
  EXPECT_EQ(steps[1].name, "sheet");
  const Extent e = extent_of(steps.back().picture);
  EXPECT_EQ(e.bottom - e.top + 1, 20U);
  EXPECT_EQ(e.right - e.left + 1, 10U);
}

TEST(Digit, StandsWhereverItIsWritten) {
  const Picture here = prepare_digit(letter(220, 60), "").back().picture;
  const Picture there = prepare_digit(letter(220, 60, 180, 90), "").back().picture;
  for (std::size_t k = 0; k < here.pixels.size(); ++k)
    EXPECT_NEAR(here.pixels[k], there.pixels[k], 40) << k;
}

TEST(Digit, NothingToBeSeenIsAnError) {
  for (const Picture& empty : {letter(200, 200), Picture{1, 1, 1, {7}}}) {
    try {
      static_cast<void>(prepare_digit(empty, "blank.jpg"));
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), testing::HasSubstr("blank.jpg: no digit can be seen"));
    }
  }
}

}  // namespace
}  // namespace gibbon::datasets
