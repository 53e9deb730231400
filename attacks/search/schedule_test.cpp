// SPDX-License-Identifier: MIT
#include "attacks/search/schedule.hpp"

#include <gtest/gtest.h>

namespace gibbon::attacks::search {
namespace {

TEST(CosineDecay, FallsFromTheFirstToTheLastAlongHalfAWave) {
  EXPECT_DOUBLE_EQ(cosine_decay(1.0, 0.01, 0, 100), 1.0);
  EXPECT_DOUBLE_EQ(cosine_decay(1.0, 0.01, 50, 100), 0.505);
  EXPECT_DOUBLE_EQ(cosine_decay(1.0, 0.01, 100, 100), 0.01);
  EXPECT_NEAR(cosine_decay(1.0, 0.0, 25, 100), 0.853553, 1e-6);  // (1 + cos 45°) / 2
}

}  // namespace
}  // namespace gibbon::attacks::search
