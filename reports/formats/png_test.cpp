// SPDX-License-Identifier: MIT
#include "reports/formats/png.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "reports/record/error.hpp"

namespace gibbon::reports::formats {
namespace {

TEST(Png, HoldsAHeaderOfItsSizeAndColour) {
  const record::Pixels colour{
      .height = 2, .width = 3, .channels = 3, .values = std::vector<std::uint8_t>(18, 7)};
  const std::string bytes = to_png(colour);
  const std::string header("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\3\0\0\0\2\x08\2\0\0\0", 29);
  EXPECT_EQ(bytes.substr(0, header.size()), header);
  const record::Pixels grey{.height = 1, .width = 2, .channels = 1, .values = {0, 255}};
  EXPECT_EQ(to_png(grey)[25], '\0') << "the colour type";
}

TEST(Png, SaysWhyLibpngDoesNotWriteIt) {
  EXPECT_THAT([] { (void)to_png({.height = 0, .width = 1, .channels = 1, .values = {}}); },
              testing::ThrowsMessage<record::Error>(testing::HasSubstr("libpng reports \"")));
}

}  // namespace
}  // namespace gibbon::reports::formats
