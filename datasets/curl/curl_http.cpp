// SPDX-License-Identifier: MIT
// The plugin gibbon_curl.so: transfers. Nothing here calls gibbon's own functions, which live in
// the program.
#include <array>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>

#include "datasets/http.hpp"

namespace gibbon::datasets {
namespace {

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;

/// What libcurl's callbacks share.
struct Transfer {
  CURL* handle = nullptr;
  const HttpRequest& request;

  [[nodiscard]] long status() const {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  [[nodiscard]] std::string_view content_range() const {
    curl_header* header = nullptr;
    const auto found = curl_easy_header(handle, "Content-Range", 0, CURLH_HEADER, -1, &header);
    return found == CURLHE_OK ? header->value : "";
  }
};

std::size_t on_body(char* bytes, std::size_t one, std::size_t count, void* user) {
  const auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t size = one * count;
  return transfer.request.take(transfer.status(), transfer.content_range(), {bytes, size}) ? size
                                                                                           : 0;
}

int on_progress(void* user, curl_off_t total, curl_off_t now, curl_off_t /*upload_total*/,
                curl_off_t /*upload_now*/) {
  const auto& transfer = *static_cast<Transfer*>(user);
  return transfer.request.go_on(static_cast<std::uint64_t>(now), static_cast<std::uint64_t>(total))
             ? 0
             : 1;
}

void configure(Transfer& transfer, char* message) {
  CURL* handle = transfer.handle;
  curl_easy_setopt(handle, CURLOPT_URL, transfer.request.url.c_str());
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
  if (transfer.request.start > 0) {
    curl_easy_setopt(handle, CURLOPT_RANGE, fmt::format("{}-", transfer.request.start).c_str());
  }
}

HttpResult get(const HttpRequest& request) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Handle handle(started == CURLE_OK ? curl_easy_init() : nullptr);
  if (handle == nullptr) return {.problem = "libcurl cannot be started"};
  Transfer transfer{.handle = handle.get(), .request = request};
  std::array<char, CURL_ERROR_SIZE> message{};
  configure(transfer, message.data());
  const CURLcode code = curl_easy_perform(handle.get());
  HttpResult result{.status = transfer.status(),
                    .content_range = std::string(transfer.content_range()),
                    .refused = code == CURLE_HTTP_RETURNED_ERROR};
  if (code != CURLE_OK && !result.refused)
    result.problem = message.front() != '\0' ? message.data() : curl_easy_strerror(code);
  return result;
}

}  // namespace
}  // namespace gibbon::datasets

extern "C" {
[[gnu::visibility("default")]] extern const gibbon::datasets::Http gibbon_http_plugin;
const gibbon::datasets::Http gibbon_http_plugin = {gibbon::datasets::kHttpVersion,
                                                   gibbon::datasets::get};
}
