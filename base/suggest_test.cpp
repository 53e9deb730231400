// SPDX-License-Identifier: MIT
#include "base/suggest.hpp"

#include <array>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon {
namespace {

using testing::ThrowsMessage;

const std::array<std::string, 4> kKnown{"pgd", "fgsm", "noise-uniform", "deepfool"};

TEST(DidYouMean, FindsTheNearestName) {
  EXPECT_EQ(did_you_mean("pdg", kKnown), "; did you mean 'pgd'?");  // swapped
  EXPECT_EQ(did_you_mean("fgm", kKnown), "; did you mean 'fgsm'?");
  EXPECT_EQ(did_you_mean("deep-fool", kKnown), "; did you mean 'deepfool'?");
  EXPECT_EQ(did_you_mean("uniform", kKnown), "; did you mean 'noise-uniform'?");
  const std::array<std::string, 2> close{"abcde", "abcdf"};
  EXPECT_EQ(did_you_mean("abcdf!", close), "; did you mean 'abcdf'?");
}

TEST(DidYouMean, IsSilentWhenNoneIsNear) {
  EXPECT_EQ(did_you_mean("carlini-wagner", kKnown), "");
  EXPECT_EQ(did_you_mean("xyzzy", kKnown), "");
  EXPECT_EQ(did_you_mean("pgd", {}), "");
}

TEST(UnknownName, ListsWhatIsKnown) {
  EXPECT_EQ(
      unknown_name("attack", "pdg", kKnown),
      "unknown attack 'pdg'; did you mean 'pgd'? known are pgd, fgsm, noise-uniform, deepfool");
  EXPECT_EQ(unknown_name("attack", "xyzzy", kKnown),
            "unknown attack 'xyzzy'; known are pgd, fgsm, noise-uniform, deepfool");
}

TEST(FindEntry, ReturnsTheEntryOrThrows) {
  struct Entry {
    std::string_view name;
    int value;
  };
  const std::array<Entry, 2> entries{{{"one", 1}, {"two", 2}}};
  EXPECT_EQ(find_entry("number", entries, "two").value, 2);
  EXPECT_EQ(find_entry("number", entries, "TWO").value, 2);
  EXPECT_THAT([&] { (void)find_entry("number", entries, "tow"); },
              ThrowsMessage<Error>("unknown number 'tow'; did you mean 'two'? known are one, two"));
}

TEST(FindEntry, KnowsOtherNames) {
  struct Entry {
    std::string_view name;
    std::string_view aliases;
  };
  const std::array<Entry, 2> entries{{{"cw-l2", "cw carlini-wagner"}, {"c", ""}}};
  for (const char* typed : {"cw-l2", "CW_L2", "cw", "CW", "Carlini_Wagner"}) {
    EXPECT_EQ(&find_entry("attack", entries, typed), entries.data()) << typed;
  }
  EXPECT_EQ(&find_entry("attack", entries, "C"), &entries[1]);
  for (const char* typed : {"", "cw carlini-wagner", "wagner", "cw-"}) {
    EXPECT_THROW(static_cast<void>(find_entry("attack", entries, typed)), Error) << typed;
  }
}

}  // namespace
}  // namespace gibbon
