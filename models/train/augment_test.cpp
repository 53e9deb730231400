// SPDX-License-Identifier: MIT
#include "models/train/augment.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <map>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace gibbon::models::train {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr datasets::Shape kShape{.height = 5, .width = 6, .channels = 2, .image = true};

/// Number k of the image is k + 1, so that every value says where it comes from.
std::vector<float> picture() {
  std::vector<float> out(kShape.size());
  std::iota(out.begin(), out.end(), 1.0F);
  return out;
}

std::vector<float> varied(std::string_view how, std::uint64_t seed, std::uint64_t epoch,
                          std::uint64_t sample) {
  Augmentation augmentation = parse_augmentation(how);
  augmentation.fill = -1.0F;
  std::vector<float> out(kShape.size());
  augment(augmentation, kShape, seed, epoch, sample, picture(), out);
  return out;
}

float at(const std::vector<float>& image, int y, int x, int c) {
  if (y < 0 || y >= 5 || x < 0 || x >= 6) return -1.0F;
  return image[static_cast<std::size_t>((y * 6 + x) * 2 + c)];
}

TEST(Augment, ShiftsByEveryDistanceUpToItsOwn) {
  const std::vector<float> before = picture();
  std::set<std::pair<int, int>> seen;
  for (std::uint64_t n = 0; n < 400; ++n) {
    const std::vector<float> after = varied("shift:1", 1, 1, n);
    std::size_t fits = 0;
    for (int down = -1; down <= 1; ++down) {
      for (int right = -1; right <= 1; ++right) {
        bool all = true;
        for (int y = 0; y < 5; ++y) {
          for (int x = 0; x < 6; ++x) {
            for (int c = 0; c < 2; ++c)
              all = all && at(after, y, x, c) == at(before, y - down, x - right, c);
          }
        }
        if (!all) continue;
        ++fits;
        seen.emplace(down, right);
      }
    }
    ASSERT_EQ(fits, 1U);
  }
  EXPECT_EQ(seen.size(), 9U);
}

TEST(Augment, FlipsEveryOtherTime) {
  const std::vector<float> before = picture();
  int flipped = 0;
  for (std::uint64_t n = 0; n < 400; ++n) {
    const std::vector<float> after = varied("flip", 1, 1, n);
    if (after == before) continue;
    ++flipped;
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 6; ++x) {
        for (int c = 0; c < 2; ++c) ASSERT_EQ(at(after, y, x, c), at(before, y, 5 - x, c));
      }
    }
  }
  EXPECT_NEAR(flipped, 200, 50);  // five standard deviations of 400 coins
}

TEST(Augment, CutsOutASquareAroundEveryPixel) {
  const std::vector<float> before = picture();
  std::set<std::size_t> first;
  std::set<std::size_t> sizes;
  for (std::uint64_t n = 0; n < 600; ++n) {
    const std::vector<float> after = varied("cutout:3", 1, 1, n);
    std::size_t filled = 0;
    for (std::size_t k = 0; k < after.size(); ++k) {
      if (after[k] == before[k]) continue;
      ASSERT_EQ(after[k], -1.0F);
      if (filled++ == 0) first.insert(k);
    }
    sizes.insert(filled / 2);
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{4, 6, 9})) << "clipped at corners and edges";
  EXPECT_EQ(first.size(), 4U * 5U) << "first pixels of the squares around 5 × 6 pixels";
}

TEST(Augment, DependsOnSeedEpochAndSampleAlone) {
  const std::string_view all = "shift:2,flip,cutout:2";
  EXPECT_EQ(varied(all, 1, 2, 3), varied(all, 1, 2, 3));
  std::map<std::vector<float>, int> seen;
  for (std::uint64_t k = 0; k < 4; ++k) {
    for (std::uint64_t j = 0; j < 4; ++j) ++seen[varied(all, 5, k, j)];
    ++seen[varied(all, 100 + k, 7, 9)];
  }
  EXPECT_GE(seen.size(), 17U);
  // What is left out moves nothing else.
  const std::vector<float> both = varied("shift:2,cutout:2", 1, 1, 8);
  const std::vector<float> one = varied("shift:2", 1, 1, 8);
  for (std::size_t k = 0; k < both.size(); ++k) EXPECT_TRUE(both[k] == one[k] || both[k] == -1.0F);
}

TEST(Augment, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(parse_augmentation("").any());
  EXPECT_EQ(parse_augmentation("cutout:8,shift:2,flip").cutout, 8U);
  for (const char* text : {"shift", "shift:", "shift:0", "shift:2x", "flop", "flip,flip",
                           "shift:1,shift:2", "flip,", ",flip", "shift:-1", "cutout:99999"}) {
    EXPECT_THAT([&] { static_cast<void>(parse_augmentation(text)); },
                ThrowsMessage<Error>(HasSubstr("--augment " + std::string(text) + ": ")))
        << text;
  }
}

}  // namespace
}  // namespace gibbon::models::train
