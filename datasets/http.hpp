// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

// What download.cpp needs of libcurl, which loads thirty libraries.
namespace gibbon::datasets {

/// What asks for one file, and takes what comes.
struct HttpRequest {
  const std::string& url;  ///< http or https
  std::uint64_t start;     ///< first byte that is wanted
  /// Bytes of the body, with the status and the header Content-Range ("" when there is none) of the
  /// answer; false ends the transfer. Must not throw.
  const std::function<bool(long status, std::string_view content_range, std::string_view body)>&
      take;
  /// Bytes of the body so far, and in total (0: unknown); false ends the transfer. Must not throw.
  const std::function<bool(std::uint64_t now, std::uint64_t total)>& go_on;
};

struct HttpResult {
  long status = 0;            ///< 0: no answer
  std::string content_range;  ///< header; "" when there is none
  bool refused = false;       ///< a status of 400 or above: the body was not taken
  std::string problem;        ///< any other, in libcurl's words
};

/// What the plugin (curl/) exports.
struct Http {
  int version;  ///< kHttpVersion of the time it was built
  /// Follows redirections. Gives up on a server that does not answer for 15 s or sends less than
  /// 1 kB/s for 30 s.
  HttpResult (*get)(const HttpRequest& request);
};
inline constexpr int kHttpVersion = 1;
inline constexpr const char* kHttpSymbol = "gibbon_http_plugin";  ///< Http

}  // namespace gibbon::datasets
