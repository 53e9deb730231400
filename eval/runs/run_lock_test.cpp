// SPDX-License-Identifier: MIT
#include "eval/runs/run_lock.hpp"

#include <array>
#include <csignal>
#include <gmock/gmock.h>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"

namespace gibbon::eval::runs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Lock : public testing::Test {
 protected:
  /// A lock that expects to have nothing to say.
  [[nodiscard]] RunLock take() const {
    return {folder.path(), [](const std::string& text) { ADD_FAILURE() << text; }};
  }
  [[nodiscard]] std::filesystem::path file() const { return folder.path() / ".gibbon.lock"; }

  TemporaryFolder folder;
};

TEST_F(Lock, NamesTheProcessThatHasIt) {
  {
    const RunLock first = take();
    EXPECT_THAT([&] { static_cast<void>(take()); },
                ThrowsMessage<Error>(AllOf(
                    HasSubstr(fmt::format("process {} is writing to this folder", ::getpid())),
                    HasSubstr("wait until it has ended, stop it with `kill "))));
  }
  EXPECT_FALSE(std::filesystem::exists(file()));
  const RunLock again = take();
  EXPECT_TRUE(std::filesystem::exists(file()));
}

TEST_F(Lock, OfAKilledProcessIsFree) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock mine(folder.path(), [](const std::string&) {});
    static_cast<void>(!::write(ready[1], "x", 1));
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT([&] { static_cast<void>(take()); },
              ThrowsMessage<Error>(HasSubstr(fmt::format("process {} is writing", child))));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_TRUE(std::filesystem::exists(file()));
  const RunLock taken = take();
}

TEST_F(Lock, IsNotInheritedByPrograms) {
  std::optional<RunLock> mine;
  mine.emplace(folder.path(), [](const std::string&) {});
  ASSERT_EQ(std::system("tail --pid=$PPID -f /dev/null & echo $! >/tmp/gibbon-lock-test-$PPID"),
            0);  // NOLINT
  const std::string name = fmt::format("/tmp/gibbon-lock-test-{}", ::getpid());
  const pid_t child = std::stoi(read_file(name));
  mine.reset();
  EXPECT_NO_THROW(static_cast<void>(take()));
  ::kill(child, SIGKILL);
  remove_file(name);
}

TEST_F(Lock, AFolderThatIsNotThereOrNotOursIsLeftToTheWork) {
  EXPECT_NO_THROW(RunLock(folder.path() / "none", [](const std::string&) { FAIL(); }));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "none"));
  EXPECT_NO_THROW(RunLock("/proc/self", [](const std::string&) { FAIL(); }));
}

TEST_F(Lock, ClearsAwayAHalfMadeGalleryButNoFolderOfSomebodyElse) {
  const std::filesystem::path part = folder.path() / "gallery.part";
  make_folders(part / "gallery");
  write_atomically(part / "gallery" / "1.png", "x");
  { const RunLock lock = take(); }
  EXPECT_FALSE(std::filesystem::exists(part));
  make_folders(part / "gallery");
  write_atomically(part / "letter.txt", "x");
  { const RunLock lock = take(); }
  EXPECT_TRUE(std::filesystem::exists(part / "letter.txt"));
}

}  // namespace
}  // namespace gibbon::eval::runs
