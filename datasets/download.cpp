// SPDX-License-Identifier: MIT
#include "datasets/download.hpp"

#include <array>
#include <charconv>
#include <curl/curl.h>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"

namespace gibbon::datasets {
namespace {

constexpr long kOk = 200;
constexpr long kPartialContent = 206;
constexpr long kRangeNotSatisfiable = 416;

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;

Handle make_handle() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  Handle handle(started == CURLE_OK ? curl_easy_init() : nullptr);
  if (handle == nullptr) throw std::runtime_error("libcurl cannot be started");
  return handle;
}

/// One attempt: the state that libcurl's callbacks share.
struct Transfer {
  CURL* handle = nullptr;
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

  [[nodiscard]] long status() const {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  bool fail_disk() {
    disk_failed = true;
    disk_reason = system_reason();
    return false;
  }

  /// First byte of the range that the server sends: "bytes 100-199/200".
  [[nodiscard]] std::optional<std::uint64_t> range_start() const {
    curl_header* header = nullptr;
    if (curl_easy_header(handle, "Content-Range", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
      return std::nullopt;
    }
    const std::string_view value = header->value;
    const std::size_t digits = value.find_first_of("0123456789");
    std::uint64_t first = 0;
    if (digits == std::string_view::npos ||
        std::from_chars(value.data() + digits, value.data() + value.size(), first).ec !=
            std::errc()) {
      return std::nullopt;
    }
    return first;
  }

  /// Decides by the status whether the body continues the part or starts it anew.
  bool begin() {
    begun = true;
    const long code = status();
    if (code == kPartialContent && range_start() == start) {
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

  bool take(const char* bytes, std::size_t size) {
    if (!begun && !begin()) return false;
    return write_all(file.number(), bytes, size) || fail_disk();
  }

  void report(curl_off_t now, curl_off_t total) {
    if (!progress || failure) return;
    try {
      const auto whole = static_cast<std::uint64_t>(total);
      progress(start + static_cast<std::uint64_t>(now), whole == 0 ? 0 : start + whole);
    } catch (...) {
      failure = std::current_exception();  // libcurl is C: nothing may fly through it
    }
  }
};

std::size_t on_body(char* bytes, std::size_t one, std::size_t size, void* transfer) {
  const bool taken = static_cast<Transfer*>(transfer)->take(bytes, one * size);
  return taken ? one * size : 0;
}

int on_progress(void* user, curl_off_t total, curl_off_t now, curl_off_t /*upload_total*/,
                curl_off_t /*upload_now*/) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.begun) transfer.report(now, total);
  return interrupted || transfer.failure ? 1 : 0;
}

void configure(Transfer& transfer, const std::string& url, char* message) {
  CURL* handle = transfer.handle;
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);  // status 400 and above: no body
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "gibbon");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 15L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1000L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, 30L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  // Not CURLOPT_RESUME_FROM: that makes an error of a server that answers with the whole file.
  if (transfer.start > 0) {
    curl_easy_setopt(handle, CURLOPT_RANGE, fmt::format("{}-", transfer.start).c_str());
  }
}

[[noreturn]] void fail_part(const std::filesystem::path& part, const std::string& reason) {
  fail_input(
      "{}: cannot be written: {}; free space or correct the permissions, or choose another "
      "folder",
      part.string(), reason);
}

}  // namespace

Download download(const std::string& url, const std::filesystem::path& part,
                  const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const Handle handle = make_handle();
  Transfer transfer{
      .handle = handle.get(),
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

  std::array<char, CURL_ERROR_SIZE> message{};
  configure(transfer, url, message.data());
  const CURLcode code = curl_easy_perform(handle.get());
  if (transfer.failure) std::rethrow_exception(transfer.failure);
  if (!transfer.disk_failed && ::fsync(transfer.file.number()) != 0) transfer.fail_disk();
  if (transfer.disk_failed) fail_part(part, transfer.disk_reason);
  if (!transfer.refused.empty()) return {.problem = transfer.refused};
  // Nothing lies behind our last byte: complete, or from a longer file. The hash will tell.
  if (transfer.start > 0 && transfer.status() == kRangeNotSatisfiable) return {.resumed = true};
  Download result{.resumed = transfer.resumed};
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    result.problem = fmt::format("HTTP status {}", transfer.status());
  } else if (code != CURLE_OK) {
    result.problem = message.front() != '\0' ? message.data() : curl_easy_strerror(code);
  } else if (!transfer.begun && !transfer.begin()) {
    result.problem = transfer.refused;  // an empty body
  }
  return result;
}

}  // namespace gibbon::datasets
