// SPDX-License-Identifier: MIT
#include "base/files.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>
#include <zlib.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/temporary_folder.hpp"

namespace fs = std::filesystem;

namespace gibbon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

void put(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string raw(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Appends a gzip member.
void put_gzip(const fs::path& path, std::string_view bytes) {
  gzFile file = gzopen(path.c_str(), "ab");
  ASSERT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  ASSERT_EQ(gzclose(file), Z_OK);
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// Text that compresses, but not to nothing.
std::string sample_text() {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += fmt::format("{} ", i * i);
  return text;
}

TEST(WriteAtomically, WritesAndReplaces) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "file";
  write_atomically(path, std::string_view("a\0b\n", 4));
  EXPECT_EQ(raw(path), std::string("a\0b\n", 4));
  write_atomically(path, "");
  EXPECT_EQ(raw(path), "");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(WriteAtomically, ObeysTheUmask) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(022);
  write_atomically(folder.path() / "file", "x");
  ::umask(before);
  EXPECT_EQ(fs::status(folder.path() / "file").permissions(), fs::perms{0644});
}

TEST(WriteAtomically, WritesThroughALink) {
  const TemporaryFolder folder;
  put(folder.path() / "real", "old");
  fs::create_symlink("real", folder.path() / "link");
  write_atomically(folder.path() / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(raw(folder.path() / "real"), "new");
}

TEST(WriteAtomically, NeverShowsHalfAFile) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "file";
  const std::vector<std::string> versions{std::string(1U << 20U, 'a'), std::string(1U << 20U, 'b')};
  write_atomically(path, versions[0]);
  std::jthread writer([&] {
    for (std::size_t i = 0; i < 20; ++i) write_atomically(path, versions[i % 2]);
  });
  for (int i = 0; i < 20; ++i) {
    const std::string seen = raw(path);
    EXPECT_TRUE(seen == versions[0] || seen == versions[1]) << seen.size();
  }
}

TEST(WriteAtomically, NamesAFolderThatIsMissing) {
  EXPECT_THAT([] { write_atomically("/nowhere/at/all/x.json", "abc"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("/nowhere/at/all/x.json: cannot write 3 bytes"),
                                         HasSubstr("No such file or directory"))));
}

TEST(WriteAtomically, RefusesAFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { write_atomically(folder.path(), "x"); },
              ThrowsMessage<Error>(HasSubstr(": is a folder; name a file in it")));
}

TEST(WriteAtomically, NoticesAFullDisk) {
  EXPECT_THAT([] { write_atomically("/dev/full", std::string(100, 'x')); },
              ThrowsMessage<Error>(HasSubstr("/dev/full: cannot write 100 bytes: No space left")));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST(WriteAtomically, KeepsTheOldFileWhenTheNewOneDoesNotFit) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "file";
  write_atomically(path, "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    write_atomically(path, std::string(5000, 'x'));  // 1000 bytes are taken, then none
  } catch (const Error& error) {
    message = error.what();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr("cannot write 5000 bytes: File too large"));
  EXPECT_EQ(raw(path), "old");
  EXPECT_EQ(entries(folder.path()), 1U);
}

/// The number of a process that has ended and was waited for.
pid_t dead_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(WriteAtomically, RemovesWhatKilledProcessesLeftAndNothingElse) {
  const TemporaryFolder folder;
  const auto at = [&](const std::string& name) { return folder.path() / name; };
  const std::string dead = fmt::format(".gibbon-{}-", dead_process());
  const fs::path held = at(dead + "1.tmp");  // its writer lives where process ids are others
  const std::vector<fs::path> kept{held,
                                   at(fmt::format(".gibbon-{}-0.tmp", ::getppid())),
                                   at(dead + "2"),
                                   at(dead + "x.tmp"),
                                   at(".gibbon--1.tmp"),
                                   at(".gibbon-.tmp"),
                                   at(".gibbon-99999999999999999999-1.tmp"),
                                   at("gibbon-1-1.tmp"),
                                   at(dead + "7.tmp.npz")};
  // Left by a process that had our number, as in a container that is started again.
  const std::vector<fs::path> gone{at(dead + "0.tmp"), at(dead + "17.tmp"),
                                   at(fmt::format(".gibbon-{}-4000000.tmp", ::getpid()))};
  for (const fs::path& path : kept) put(path, "x");
  for (const fs::path& path : gone) put(path, "x");
  fs::create_directory(at(dead + "3.tmp"));
  fs::create_symlink("/etc/passwd", at(dead + "4.tmp"));
  const int holder = ::open(held.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(holder, LOCK_EX | LOCK_NB), 0);
  write_atomically(at("file"), "new");
  ::close(holder);
  for (const fs::path& path : kept) EXPECT_TRUE(fs::exists(path)) << path;
  for (const fs::path& path : gone) EXPECT_FALSE(fs::exists(path)) << path;
  EXPECT_TRUE(fs::is_directory(at(dead + "3.tmp")));
  EXPECT_TRUE(fs::is_symlink(at(dead + "4.tmp")));
}

TEST(WriteAtomically, KilledAtAnyMomentLeavesWholeFilesAndTheNextOneTidiesUp) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "file";
  const std::string text = sample_text();
  // Whether the child has written so much of a file that has no name yet.
  const auto has_written = [&](pid_t child, std::size_t least) {
    const std::string begin = fmt::format(".gibbon-{}-", child);
    return std::ranges::any_of(fs::directory_iterator(folder.path()), [&](const auto& entry) {
      std::error_code gone;
      const auto size = fs::file_size(entry.path(), gone);
      return !gone && size >= least && entry.path().filename().string().starts_with(begin);
    });
  };
  for (std::size_t k = 0; k < 20; ++k) {
    const pid_t child = ::fork();
    if (child == 0) {
      while (true) write_atomically(path, text);
    }
    while (!has_written(child, k * text.size() / 20)) {
      ASSERT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "it has ended by itself";
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(!fs::exists(path) || raw(path) == text);
  }
  const pid_t child = ::fork();  // one that has not looked into this folder yet
  if (child == 0) {
    write_atomically(path, "last");
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(raw(path), "last");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Paths, WhatTheSystemRefusesIsNamedWithWhatToDo) {
  const TemporaryFolder folder;
  const fs::path loop = folder.path() / "loop";
  fs::create_symlink("loop", loop);
  put(folder.path() / "file", "x");
  EXPECT_TRUE(is_there(folder.path() / "file"));
  EXPECT_FALSE(is_there(folder.path() / "none"));
  EXPECT_FALSE(is_there(folder.path() / "file" / "below"));
  EXPECT_THAT([&] { static_cast<void>(is_there(loop)); },
              ThrowsMessage<Error>(AllOf(HasSubstr("loop: cannot be accessed: "),
                                         HasSubstr("check the path and its permissions"))));
  EXPECT_THAT([&] { make_folders(folder.path() / "file"); },
              ThrowsMessage<Error>(HasSubstr("file: cannot be created: ")));
  fs::create_directories(folder.path() / "full" / "one");
  EXPECT_THAT([&] { remove_file(folder.path() / "full"); },
              ThrowsMessage<Error>(HasSubstr("full: cannot be removed: Directory not empty")));
  EXPECT_NO_THROW(remove_file(folder.path() / "none"));
  EXPECT_NO_THROW(remove_tree(folder.path() / "none"));
  EXPECT_THAT([&] { move_to(folder.path() / "none", folder.path() / "other"); },
              ThrowsMessage<Error>(HasSubstr("none: cannot be put in place of ")));
}

TEST(ReadFile, ReadsPlainAndCompressed) {
  const TemporaryFolder folder;
  const std::string text = sample_text();
  put(folder.path() / "plain", text);
  EXPECT_EQ(read_file(folder.path() / "plain"), text);
  put(folder.path() / "empty", "");
  EXPECT_EQ(read_file(folder.path() / "empty"), "");
  put_gzip(folder.path() / "text.gz", text);
  ASSERT_LT(fs::file_size(folder.path() / "text.gz"), text.size());
  EXPECT_EQ(read_file(folder.path() / "text.gz"), text);
  fs::rename(folder.path() / "text.gz", folder.path() / "text");  // known by its magic bytes
  EXPECT_EQ(read_file(folder.path() / "text"), text);
}

TEST(ReadFile, JoinsTheMembersOfAStream) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x.gz";
  put_gzip(path, sample_text());
  put_gzip(path, "");
  put_gzip(path, "second");
  EXPECT_EQ(read_file(path), sample_text() + "second");
  put(path, raw(path) + std::string(512, '\0'));  // padding, as tapes have it
  EXPECT_EQ(read_file(path), sample_text() + "second");
  put(path, raw(path) + "more");
  EXPECT_THAT([&] { (void)read_file(path); },
              ThrowsMessage<Error>(HasSubstr("after the end of the gzip stream")));
}

TEST(ReadFile, NoticesAStreamThatEndsEarly) {
  const TemporaryFolder folder;
  put_gzip(folder.path() / "x.gz", sample_text());
  const std::string whole = raw(folder.path() / "x.gz");
  const fs::path cut = folder.path() / "cut.gz";
  for (const std::size_t size : {std::size_t{2}, std::size_t{17}, std::size_t{100},
                                 whole.size() / 2, whole.size() - 8, whole.size() - 1}) {
    put(cut, whole.substr(0, size));
    EXPECT_THAT([&] { (void)read_file(cut); },
                ThrowsMessage<Error>(AllOf(
                    HasSubstr("cut.gz: the gzip stream ends early"),
                    HasSubstr(fmt::format("after {} bytes; delete the file and fetch", size)))))
        << size;
  }
}

TEST(ReadFile, NoticesCorruptData) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x.gz";
  put_gzip(path, sample_text());
  const std::string whole = raw(path);
  std::string wrong_sum = whole;
  wrong_sum[whole.size() - 6] ^= 1;  // the CRC-32
  put(path, wrong_sum);
  EXPECT_THAT([&] { (void)read_file(path); },
              ThrowsMessage<Error>(HasSubstr("corrupt (incorrect data check)")));
  std::string wrong_length = whole;
  wrong_length[whole.size() - 1] ^= 1;
  put(path, wrong_length);
  EXPECT_THAT([&] { (void)read_file(path); },
              ThrowsMessage<Error>(HasSubstr("corrupt (incorrect length check)")));
  put(path, "these are not compressed");
  EXPECT_THAT([&] { (void)read_file(path); },
              ThrowsMessage<Error>(HasSubstr("is not gzip data, as its name says")));
}

TEST(ReadFile, ObeysTheLimit) {
  const TemporaryFolder folder;
  put(folder.path() / "x", "12345");
  EXPECT_EQ(read_file(folder.path() / "x", 5), "12345");
  EXPECT_THAT([&] { (void)read_file(folder.path() / "x", 4); },
              ThrowsMessage<Error>(HasSubstr("at most 4 are read")));
  const std::string zeros(1U << 20U, '\0');
  put_gzip(folder.path() / "bomb.gz", zeros);
  EXPECT_EQ(read_file(folder.path() / "bomb.gz", zeros.size()), zeros);
  for (const std::size_t limit : {std::size_t{2000}, zeros.size() - 1}) {
    EXPECT_THAT([&] { (void)read_file(folder.path() / "bomb.gz", limit); },
                ThrowsMessage<Error>(HasSubstr(fmt::format("more than {} bytes", limit))));
  }
}

TEST(ReadFile, NamesWhatCannotBeRead) {
  EXPECT_THAT([] { (void)read_file("/nowhere/x"); },
              ThrowsMessage<Error>(HasSubstr("/nowhere/x: cannot be read: No such file")));
  EXPECT_THAT([] { (void)read_file("/"); }, ThrowsMessage<Error>(HasSubstr("Is a directory")));
}

TEST(RequireWritableFolder, CreatesParentsAndLeavesNothingBehind) {
  const TemporaryFolder folder;
  require_writable_folder(folder.path() / "a/b");
  EXPECT_TRUE(fs::is_directory(folder.path() / "a/b"));
  EXPECT_EQ(entries(folder.path() / "a/b"), 0U);
}

TEST(RequireWritableFolder, RefusesWhatIsNoFolder) {
  const TemporaryFolder folder;
  put(folder.path() / "file", "");
  EXPECT_THAT([&] { require_writable_folder(folder.path() / "file"); },
              ThrowsMessage<Error>(HasSubstr("file: cannot be created: ")));
  EXPECT_THAT([&] { require_writable_folder(folder.path() / "file/below"); },
              ThrowsMessage<Error>(HasSubstr("Not a directory")));
  // /proc lets nobody create files, not even root.
  EXPECT_THAT([] { require_writable_folder("/proc/self"); },
              ThrowsMessage<Error>(HasSubstr("cannot write 6 bytes")));
}

TEST(CacheFolder, FollowsTheEnvironment) {
  const char* home = std::getenv("HOME");
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const std::string old_home = home == nullptr ? "" : home;
  const std::string old_cache = cache == nullptr ? "" : cache;
  ::setenv("HOME", "/h", 1);
  ::setenv("XDG_CACHE_HOME", "/c", 1);
  EXPECT_EQ(cache_folder(), "/c/gibbon");
  ::unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(cache_folder(), "/h/.cache/gibbon");
  ::unsetenv("HOME");
  EXPECT_THAT([] { (void)cache_folder(); }, ThrowsMessage<Error>(HasSubstr("$HOME is not set")));
  if (home != nullptr) ::setenv("HOME", old_home.c_str(), 1);
  if (cache != nullptr) ::setenv("XDG_CACHE_HOME", old_cache.c_str(), 1);
}

}  // namespace
}  // namespace gibbon
