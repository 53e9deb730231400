// SPDX-License-Identifier: MIT
#include "datasets/download.hpp"

#include <charconv>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/plugin.hpp"
#include "datasets/http.hpp"

namespace gibbon::datasets {
namespace {

constexpr long kOk = 200;
constexpr long kPartialContent = 206;
constexpr long kRangeNotSatisfiable = 416;

const Http& http() {
  constexpr Plugin kCurl{
      .engine = "libcurl",
      .file = "gibbon_curl.so",
      .symbol = kHttpSymbol,
      .environment = "GIBBON_CURL_PLUGIN",
      .to_build = "build it: cmake --build --preset release",
      .to_load = "libcurl4",
      .version = kHttpVersion,
  };
  static const auto& loaded = *static_cast<const Http*>(open_plugin(kCurl));
  return loaded;
}

/// First byte of the range that a server sends: "bytes 100-199/200".
std::optional<std::uint64_t> range_start(std::string_view content_range) {
  const std::size_t digits = content_range.find_first_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  std::uint64_t first = 0;
  const char* end = content_range.data() + content_range.size();
  if (std::from_chars(content_range.data() + digits, end, first).ec != std::errc())
    return std::nullopt;
  return first;
}

/// One attempt: the state that callbacks share.
struct Transfer {
  const std::filesystem::path& part;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress;
  Descriptor file;
  std::uint64_t start = 0;   // bytes that were there before
  bool begun = false;        // the first bytes of the body have come
  bool resumed = false;      // ... and they continue those that were there
  bool disk_failed = false;  // with the reason in disk_reason
  std::string disk_reason;
  std::string refused;         // why the answer was not taken
  std::exception_ptr failure;  // thrown by progress

  bool fail_disk() {
    disk_failed = true;
    disk_reason = system_reason();
    return false;
  }

  /// Decides by the status whether the body continues the part or starts it anew.
  bool begin(long code, std::string_view content_range) {
    begun = true;
    if (code == kPartialContent && range_start(content_range) == start) {
      resumed = true;
      return true;
    }
    if (code != kOk) {
      refused = fmt::format("unexpected answer, HTTP status {}", code);
      return false;
    }
    start = 0;
    return ::ftruncate(file.number(), 0) == 0 || fail_disk();
  }

  bool take(long code, std::string_view content_range, std::string_view body) {
    if (!begun && !begin(code, content_range)) return false;
    return write_all(file.number(), body.data(), body.size()) || fail_disk();
  }

  /// False: to be ended.
  bool report(std::uint64_t now, std::uint64_t total) {
    if (begun && progress && !failure) {
      try {
        progress(start + now, total == 0 ? 0 : start + total);
      } catch (...) {
        failure = std::current_exception();  // libcurl is C: nothing may fly through it
      }
    }
    return !interrupted && !failure;
  }
};

[[noreturn]] void fail_part(const std::filesystem::path& part, const std::string& reason) {
  fail_input(
      "{}: cannot be written: {}; free space or correct the permissions, or choose another "
      "folder",
      part.string(), reason);
}

}  // namespace

Download download(const std::string& url, const std::filesystem::path& part,
                  const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const Http& web = http();
  Transfer transfer{
      .part = part,
      .progress = progress,
      .file = Descriptor(::open(part.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666))};
  if (!transfer.file.is_open()) fail_part(part, system_reason());
  if (::flock(transfer.file.number(), LOCK_EX | LOCK_NB) != 0) {
    fail_input("{}: another process is downloading this file; wait for it to end", part.string());
  }
  struct stat status {};
  if (::fstat(transfer.file.number(), &status) != 0) fail_part(part, system_reason());
  transfer.start = static_cast<std::uint64_t>(status.st_size);

  const std::function take = [&](long status_code, std::string_view range, std::string_view body) {
    return transfer.take(status_code, range, body);
  };
  const std::function go_on = [&](std::uint64_t now, std::uint64_t total) {
    return transfer.report(now, total);
  };
  const HttpResult answer =
      web.get({.url = url, .start = transfer.start, .take = take, .go_on = go_on});
  if (transfer.failure) std::rethrow_exception(transfer.failure);
  if (!transfer.disk_failed && ::fsync(transfer.file.number()) != 0) transfer.fail_disk();
  if (transfer.disk_failed) fail_part(part, transfer.disk_reason);
  if (!transfer.refused.empty()) return {.problem = transfer.refused};
  // Nothing lies behind our last byte: complete, or from a longer file. The hash will tell.
  if (transfer.start > 0 && answer.status == kRangeNotSatisfiable) return {.resumed = true};
  Download result{.problem = answer.problem, .resumed = transfer.resumed};
  if (answer.refused) {
    result.problem = fmt::format("HTTP status {}", answer.status);
  } else if (result.problem.empty() && !transfer.begun &&
             !transfer.begin(answer.status, answer.content_range)) {
    result.problem = transfer.refused;  // an empty body
  }
  return result;
}

}  // namespace gibbon::datasets
