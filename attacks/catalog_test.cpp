// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <set>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "base/error.hpp"

namespace gibbon::attacks {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Catalog, IsSortedAndFindsWhatItLists) {
  std::string_view before;
  for (const AttackInfo& info : catalog()) {
    EXPECT_LT(before, info.name);
    before = info.name;
    EXPECT_EQ(&find(info.name), &info);
  }
}

TEST(Catalog, HoldsAtLeastTheTraditionalOnes) {
  EXPECT_EQ(find("fgsm").kind, Kind::kSingleStep);
  EXPECT_EQ(find("noise-sign").kind, Kind::kControl);
  EXPECT_EQ(find("noise-uniform").kind, Kind::kControl);
}

TEST(Catalog, UnknownNamesAreAnsweredWithTheNearestAndAllKnown) {
  for (const auto& [typed, meant] :
       {std::pair{"fgms", "fgsm"}, std::pair{"noise-sing", "noise-sign"},
        std::pair{"uniform", "noise-uniform"}}) {
    const auto look_up = [name = typed] { static_cast<void>(find(name)); };
    EXPECT_THAT(look_up,
                ThrowsMessage<Error>(HasSubstr("unknown attack '" + std::string(typed) +
                                               "'; did you mean '" + meant + "'? known are ")));
    for (const AttackInfo& info : catalog()) {
      EXPECT_THAT(look_up, ThrowsMessage<Error>(HasSubstr(std::string(info.name))));
    }
  }
  EXPECT_THAT([] { static_cast<void>(find("zzzzzz")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("unknown attack 'zzzzzz'; known are "),
                                         testing::Not(HasSubstr("did you mean")))));
}

TEST(Norms, AreNamedAndFound) {
  for (const Norm norm : kNorms) EXPECT_EQ(find_norm(to_string(norm)), norm);
  EXPECT_THAT(
      [] { static_cast<void>(find_norm("l3")); },
      ThrowsMessage<Error>("unknown norm 'l3'; did you mean 'l2'? known are linf, l2, l1, l0"));
}

}  // namespace
}  // namespace gibbon::attacks
