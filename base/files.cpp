// SPDX-License-Identifier: MIT
#include "base/files.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <mutex>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <utility>

#include "base/descriptor.hpp"
#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/gzip.hpp"

namespace fs = std::filesystem;

namespace gibbon {
namespace {

[[noreturn]] void fail_write(const fs::path& path, std::size_t bytes) {
  fail_input(
      "{}: cannot write {} bytes: {}; free space or correct the permissions, or choose another "
      "place",
      path.string(), bytes, system_reason());
}

constexpr std::string_view kPrefix = ".gibbon-";
constexpr std::string_view kSuffix = ".tmp";

std::atomic<unsigned> temporaries =
    0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// Short and hidden, so that it fits beside any name; unique among processes and threads.
fs::path temporary_beside(const fs::path& path) {
  return path.parent_path() / fmt::format("{}{}-{}{}", kPrefix, ::getpid(), temporaries++, kSuffix);
}

/// Whether the name is one of temporary_beside() whose process is gone.
bool is_orphan(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  name.remove_prefix(kPrefix.size());
  if (name.size() < kSuffix.size()) return false;
  name.remove_suffix(kSuffix.size());
  pid_t process = 0;
  unsigned number = 0;
  const char* const end = name.data() + name.size();
  const auto [dash, bad] = std::from_chars(name.data(), end, process);
  if (bad != std::errc() || process <= 0 || dash == end || *dash != '-') return false;
  const auto [rest, worse] = std::from_chars(dash + 1, end, number);
  if (worse != std::errc() || rest != end) return false;
  // Ours by its name, but not handed out yet: left by one that had our process id.
  if (process == ::getpid()) return number >= temporaries;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

/// Removes an orphan, unless somebody holds it after all: in another container, say.
void remove_orphan(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
}

/// Once per folder and process.
void remove_orphans_beside(const fs::path& target) {
  static std::mutex mutex;
  static std::set<fs::path> done;
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const std::lock_guard lock(mutex);
  if (!done.insert(folder).second) return;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (is_orphan(it->path().filename().native())) remove_orphan(it->path());
  }
}

/// Until rename(2) succeeds, the temporary file goes away with this object.
class Temporary {
 public:
  explicit Temporary(const fs::path& target) {
    do {
      path_ = temporary_beside(target);
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ >= 0) static_cast<void>(::flock(descriptor_, LOCK_EX | LOCK_NB));
  }
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] bool rename_to(const fs::path& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) return false;
    path_.clear();
    return true;
  }

 private:
  fs::path path_;
  int descriptor_ = -1;
};

/// Pipes and devices (/dev/stdout) cannot be replaced, only written to.
void write_in_place(const fs::path& path, std::string_view bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open() || !write_all(file.number(), bytes.data(), bytes.size()) ||
      !file.closes_cleanly()) {
    fail_write(path, bytes.size());
  }
}

/// Makes the rename itself durable. Not every file system can flush a folder: then nothing is lost
/// but the guarantee, hence no error.
void flush_folder_of(const fs::path& path) {
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.is_open()) ::fsync(folder.number());
}

}  // namespace

void write_atomically(const fs::path& path, std::string_view bytes) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) {
    fail_input("{}: is a folder; name a file in it", path.string());
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) return write_in_place(path, bytes);
  // A symbolic link stays; what it points to is replaced.
  const fs::path target = fs::exists(status) ? fs::canonical(path, ignored) : path;
  remove_orphans_beside(target);
  Temporary temporary(target);
  Descriptor file(temporary.descriptor());
  if (!file.is_open() || !write_all(file.number(), bytes.data(), bytes.size()) ||
      ::fsync(file.number()) != 0 || !file.closes_cleanly() || !temporary.rename_to(target)) {
    fail_write(path, bytes.size());
  }
  flush_folder_of(target);
}

std::string read_file(const fs::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.number(), &status) != 0) {
    fail_input("{}: cannot be read: {}; check the path and its permissions", path.string(),
               system_reason());
  }
  const auto fail_size = [&](std::size_t size) {
    fail_input("{}: has {} bytes or more; at most {} are read{}", path.string(), size, limit,
               way_out(limit));
  };
  const auto expected = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  if (expected > limit) fail_size(expected);
  // A pipe has no size, and a file may grow: read until nothing comes, with room to notice.
  std::string bytes(expected + 1, '\0');
  std::size_t size = 0;
  while (true) {
    if (size == bytes.size()) bytes.resize(size + std::max<std::size_t>(size / 2, 4096));
    const ssize_t got = ::read(file.number(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      fail_input("{}: cannot be read: {}; check the path and its permissions", path.string(),
                 system_reason());
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > limit) fail_size(size);
  }
  bytes.resize(size);
  if (is_gzip(bytes)) return gunzip(bytes, path, limit);
  if (path.extension() == ".gz") {
    fail_input("{}: is not gzip data, as its name says; delete the file and fetch it again",
               path.string());
  }
  return bytes;
}

void require_writable_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder, error)) {
    fail_input("{}: cannot be created: {}; choose another folder", folder.string(),
               error ? error.message() : "another file has this name");
  }
  const fs::path probe = temporary_beside(folder / "probe");
  write_atomically(probe, "gibbon");
  fs::remove(probe, error);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const bool there = fs::exists(path, error);
  if (error) {
    fail_input("{}: cannot be accessed: {}; check the path and its permissions", path.string(),
               error.message());
  }
  return there;
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    fail_input("{}: cannot be created: {}; choose another folder", folder.string(),
               error.message());
  }
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) {
    fail_input("{}: cannot be removed: {}; correct the permissions, or choose another folder",
               path.string(), error.message());
  }
}

void remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) {
    fail_input("{}: cannot be removed: {}; correct the permissions, or choose another folder",
               path.string(), error.message());
  }
}

void move_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) {
    fail_input(
        "{}: cannot be put in place of {}: {}; correct the permissions, or choose another "
        "folder",
        from.string(), to.string(), error.message());
  }
}

fs::path cache_folder() {
  const std::string cache = environment("XDG_CACHE_HOME");
  if (fs::path(cache).is_absolute()) return fs::path(cache) / "gibbon";
  const std::string home = environment("HOME");
  if (home.empty()) {
    fail_input(
        "$HOME is not set, so ~/.cache/gibbon is unknown; set $HOME or $XDG_CACHE_HOME, or "
        "pass --data-dir");
  }
  return fs::path(home) / ".cache" / "gibbon";
}

}  // namespace gibbon
