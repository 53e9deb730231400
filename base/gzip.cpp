// SPDX-License-Identifier: MIT
#include "base/gzip.hpp"

#include <algorithm>
#include <limits>
#include <zlib.h>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"

namespace gibbon {
namespace {

/// Inflates one gzip member after the other from a span of memory.
class Inflater {
 public:
  explicit Inflater(std::string_view bytes) : rest_(bytes) {
    constexpr int kGzipOnly =
        16;  // zlib.h: added to the window bits, "decode only the gzip format"
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Fills [out, out + room) as far as it can; `written` tells how far. Returns zlib's code.
  int step(char* out, std::size_t room, std::size_t& written) {
    const std::size_t in = std::min(rest_.size(), kMost);
    const std::size_t space = std::min(room, kChunk);
    // zlib does not write to its input; its interface is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));
    stream_.avail_in = static_cast<uInt>(in);
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(space);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    rest_.remove_prefix(in - stream_.avail_in);
    written = space - stream_.avail_out;
    return code;
  }
  void start_next_member() { inflateReset(&stream_); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] std::string_view reason() const {
    return stream_.msg == nullptr ? "no reason given" : stream_.msg;
  }

 private:
  static constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
  static constexpr std::size_t kChunk = std::size_t{1} << 24U;  // between two looks at the clock
  z_stream stream_{};
  std::string_view rest_;
};

/// The last member's length modulo 2^32 closes the stream (RFC 1952): right in most cases, and only
/// used to allocate once.
std::size_t likely_size(std::string_view bytes, std::size_t limit) {
  std::size_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    size = size << 8U | static_cast<unsigned char>(bytes[bytes.size() - i]);
  }
  constexpr std::size_t kBestRatio = 1032;  // zlib's technical notes: deflate cannot do better
  return std::min({size, limit, bytes.size() * kBestRatio});
}

}  // namespace

std::string way_out(std::size_t limit) {
  return limit == file_limit ? "; allow more with --file-limit" : "";
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

std::string gunzip(std::string_view bytes, const std::filesystem::path& file, std::size_t limit) {
  const auto ends_early = [&] {
    fail_input("{}: the gzip stream ends early, after {} bytes; delete the file and fetch it again",
               file.string(), bytes.size());
  };
  const auto fail_too_large = [&] {
    fail_input("{}: decompresses to more than {} bytes, the most that is read{}", file.string(),
               limit, way_out(limit));
  };
  constexpr std::size_t kSmallestMember = 18;  // 10 bytes of header, 8 of trailer
  if (bytes.size() < kSmallestMember) ends_early();
  Inflater inflater(bytes);
  std::string result;
  std::size_t size = 0;
  result.resize(likely_size(bytes, limit) + 1);  // one more, to see that nothing follows
  while (true) {
    if (size == result.size()) {
      if (size > limit) fail_too_large();
      result.resize(std::min(2 * size, limit + 1));
    }
    reading_deadline.check_time();
    std::size_t written = 0;
    const int code = inflater.step(result.data() + size, result.size() - size, written);
    size += written;
    if (code == Z_STREAM_END) {
      if (inflater.rest().find_first_not_of('\0') == std::string_view::npos) break;
      if (!is_gzip(inflater.rest())) {
        fail_input(
            "{}: {} bytes after the end of the gzip stream; delete the file "
            "and fetch it again",
            file.string(), inflater.rest().size());
      }
      inflater.start_next_member();
    } else if (code == Z_OK || code == Z_BUF_ERROR) {
      if (inflater.rest().empty() && size < result.size()) ends_early();
    } else {
      fail_input("{}: the gzip stream is corrupt ({}); delete the file and fetch it again",
                 file.string(), inflater.reason());
    }
  }
  if (size > limit) fail_too_large();
  result.resize(size);
  return result;
}

}  // namespace gibbon
