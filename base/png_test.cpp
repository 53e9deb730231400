// SPDX-License-Identifier: MIT
#include "base/png.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon {
namespace {

std::string some_png(std::size_t channels) {
  std::vector<std::uint8_t> pixels(std::size_t{3} * 2 * channels);
  for (std::size_t k = 0; k < pixels.size(); ++k) pixels[k] = static_cast<std::uint8_t>(40 * k);
  std::string problem;
  return encode_png(3, 2, channels, pixels, problem).value();
}

TEST(Png, ComesBackAsItWas) {
  for (const std::size_t channels : {1U, 3U}) {
    const auto back = decode_plain_png(some_png(channels));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->height, 3U);
    EXPECT_EQ(back->width, 2U);
    ASSERT_EQ(back->channels, channels);
    for (std::size_t k = 0; k < back->pixels.size(); ++k)
      EXPECT_EQ(back->pixels[k], static_cast<std::uint8_t>(40 * k));
  }
}

TEST(Png, DamagedAndOtherFilesAreNotGuessed) {
  const std::string good = some_png(3);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_plain_png(std::string_view(good).substr(0, size))) << size;
  for (std::size_t at = 0; at + 12 < good.size(); ++at) {  // a flipped bit fails a checksum
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_FALSE(decode_plain_png(bad)) << at;
  }
  std::string problem;
  EXPECT_FALSE(encode_png(2, 2, 1, std::vector<std::uint8_t>(3), problem));
  EXPECT_FALSE(encode_png(0, 2, 1, {}, problem));
  EXPECT_NE(problem, "");
}

}  // namespace
}  // namespace gibbon
