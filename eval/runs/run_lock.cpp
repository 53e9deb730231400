// SPDX-License-Identifier: MIT
#include "eval/runs/run_lock.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "eval/runs/run_folder.hpp"

namespace gibbon::eval::runs {
namespace {

/// Of somebody else's folder at least a reader's descriptor: flock() takes either.
int open_lock(const std::filesystem::path& path) {
  const int both = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (both >= 0 || (errno != EACCES && errno != EPERM)) return both;
  return ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

[[noreturn]] void fail_taken(const std::filesystem::path& folder, int lock) {
  std::array<char, 16> text{};
  const ssize_t size = ::pread(lock, text.data(), text.size(), 0);
  int process = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, process);
  if (process <= 0) {
    fail_usage(
        "{}: another process is writing to this folder; wait until it has ended, or choose "
        "another folder",
        folder.string());
  }
  fail_usage(
      "{}: process {} is writing to this folder; wait until it has ended, stop it with `kill "
      "{}`, or choose another folder",
      folder.string(), process, process);
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder, const Note& note,
                 const std::filesystem::path& made)
    : path_(folder / ".gibbon.lock"), made_(made) {
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = open_lock(path_);
    if (descriptor_ < 0) return;
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) continue;
    const int reason = errno;
    const Descriptor closed(descriptor_);
    if (reason == EWOULDBLOCK) fail_taken(folder, descriptor_);
    note(
        fmt::format("note: {}: this file system cannot lock ({}); make sure that no other gibbon "
                    "writes to this folder",
                    folder.string(), std::generic_category().message(reason)));
    ::unlink(path_.c_str());
    descriptor_ = -1;
    return;
  } while (!is_current());
  const std::string process = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor_, 0) == 0) {
    // Without it the other one is told of "another process".
    static_cast<void>(write_all(descriptor_, process.data(), process.size()));
  }
  discard_staged_gallery(folder);
}

RunLock::~RunLock() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());  // while it is still locked: nobody can have taken it over
  ::close(descriptor_);
  std::error_code not_empty;
  for (auto folder = path_.parent_path().lexically_normal(); !made_.empty();
       folder = folder.parent_path()) {
    if (!std::filesystem::remove(folder, not_empty) || folder == made_) break;
  }
}

/// Between opening and locking, the holder may have ended and removed the file.
bool RunLock::is_current() const {
  struct stat mine {};
  struct stat named {};
  return ::fstat(descriptor_, &mine) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

}  // namespace gibbon::eval::runs
