// SPDX-License-Identifier: MIT
#include "reports/record/row_kind.hpp"

#include <gtest/gtest.h>

namespace gibbon::reports::record {
namespace {

TEST(RowKind, IsKnownByItsName) {
  for (const RowKind kind : {RowKind::kAttack, RowKind::kControl, RowKind::kWorstCase,
                             RowKind::kClean, RowKind::kCertified}) {
    EXPECT_EQ(row_kind_named(to_string(kind)), kind);
    EXPECT_EQ(nlohmann::ordered_json(kind), to_string(kind));
  }
  EXPECT_EQ(to_string(RowKind::kWorstCase), "worst-case") << "as files have it";
  EXPECT_FALSE(row_kind_named("noise"));
}

}  // namespace
}  // namespace gibbon::reports::record
