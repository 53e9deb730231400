// SPDX-License-Identifier: MIT
#include "reports/record/top_classes.hpp"

#include <gtest/gtest.h>

namespace gibbon::reports::record {
namespace {

using Classes = std::vector<std::size_t>;

TEST(TopClasses, HighestFirstAndTheLowerNumberOfEquals) {
  const std::vector<float> shares{0.1F, 0.3F, 0.1F, 0.3F, 0.1F, 0.1F, 0.0F};
  EXPECT_EQ(top_classes(shares), (Classes{1, 3, 0, 2, 4}));
  EXPECT_EQ(top_classes(shares, 2), (Classes{1, 3}));
  EXPECT_EQ(top_classes(std::span(shares).first(2)), (Classes{1, 0}));
  EXPECT_EQ(top_classes({}), Classes{});
}

}  // namespace
}  // namespace gibbon::reports::record
