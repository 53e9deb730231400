// SPDX-License-Identifier: MIT
#include "base/plugin.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"

namespace gibbon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr Plugin kNone{.engine = "Nothing",
                       .file = "gibbon_nothing.so",
                       .symbol = "gibbon_nothing_plugin",
                       .environment = "GIBBON_NOTHING_PLUGIN",
                       .to_build = "build it",
                       .to_load = "libnothing",
                       .version = 1};

/// What opening it says when the variable names `file`; empty: the variable is not set.
std::string complaint(const std::string& file) {
  if (file.empty()) {
    ::unsetenv(kNone.environment);
  } else {
    ::setenv(kNone.environment, file.c_str(), 1);
  }
  try {
    static_cast<void>(open_plugin(kNone));
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Plugin, ThatIsNotThereIsListedWithItsPlaces) {
  EXPECT_THAT(complaint(""),
              AllOf(HasSubstr("Nothing: plugin not found:"), HasSubstr("/gibbon_nothing.so"),
                    HasSubstr("lib/gibbon/"),
                    HasSubstr("build it, or set $GIBBON_NOTHING_PLUGIN to the file")));
}

TEST(Plugin, FilesOfAnotherKindAreNamed) {
  const TemporaryFolder folder;
  const std::string text = (folder.path() / "text.so").string();
  write_atomically(text, "no library");
  EXPECT_THAT(complaint(text), AllOf(HasSubstr("text.so: cannot be loaded"),
                                     HasSubstr("is the package libnothing installed?")));
  // A library, but none of ours.
  const std::string other = std::filesystem::path(GIBBON_BINARY_DIR) / "gibbon_opencv.so";
  EXPECT_THAT(complaint(other), HasSubstr("gibbon_opencv.so: is not a gibbon plugin"));
}

TEST(Plugin, AnotherLayoutIsRefused) {
  Plugin other = kNone;
  other.symbol = "gibbon_codecs_plugin";
  other.version = 99;
  const std::string file = std::filesystem::path(GIBBON_BINARY_DIR) / "gibbon_opencv.so";
  ::setenv(kNone.environment, file.c_str(), 1);
  EXPECT_THAT(
      [&] { static_cast<void>(open_plugin(other)); },
      ThrowsMessage<Error>(HasSubstr("this program needs 99; build program and plugin together")));
}

}  // namespace
}  // namespace gibbon
