// SPDX-License-Identifier: MIT
#include "eval/cli/screen.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/environment.hpp"
#include "reports/record/text.hpp"

namespace gibbon::eval::cli {
namespace {

bool ascii_is_asked() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string locale = environment(name);
    if (locale.empty()) continue;
    std::erase_if(locale, [](unsigned char c) { return std::isalnum(c) == 0; });
    std::ranges::transform(locale, locale.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf8") == std::string::npos;
  }
  return false;
}

/// All of it, also where a signal comes between.
bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// A stream in ASCII; a letter whose bytes come in two pieces waits for its rest.
struct Ascii {
  int descriptor;
  std::string begun;
};

ssize_t write_ascii(void* cookie, const char* data, std::size_t size) {
  Ascii& stream = *static_cast<Ascii*>(cookie);
  std::string text = stream.begun + std::string(data, size);
  std::size_t whole = text.size();
  constexpr std::size_t kLongest = 4;  // bytes of a letter
  for (std::size_t back = 1; back <= std::min(kLongest, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t needed = byte < 0x80U ? 1 : byte < 0xE0U ? 2 : byte < 0xF0U ? 3 : 4;
    if (needed > back) whole = text.size() - back;
    break;
  }
  stream.begun = text.substr(whole);
  text.resize(whole);
  return write_all(stream.descriptor, reports::record::to_ascii(text)) ? static_cast<ssize_t>(size)
                                                                       : -1;
}

std::FILE* ascii_stream(int descriptor, int buffering) {
  auto* const stream = new Ascii{descriptor, {}};  // as long as the program
  std::FILE* const file = fopencookie(
      stream, "w", {.read = nullptr, .write = write_ascii, .seek = nullptr, .close = nullptr});
  if (file != nullptr) std::setvbuf(file, nullptr, buffering, BUFSIZ);
  return file;
}

}  // namespace

std::size_t columns_of(int descriptor, std::size_t otherwise) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

reports::table::Screen screen() {
  using reports::table::Colour;
  constexpr std::size_t kUsual = 100;
  constexpr std::size_t kNarrowest = 60;
  constexpr std::size_t kWidest = 200;
  const bool colour = isatty(STDOUT_FILENO) != 0 && environment("NO_COLOR").empty() &&
                      environment("TERM") != "dumb";
  return {.colour = colour ? Colour::kAlways : Colour::kNever,
          .width = std::clamp(columns_of(STDOUT_FILENO, kUsual), kNarrowest, kWidest),
          .ascii = ascii_is_asked()};
}

void write_ascii_where_asked() {
  if (!ascii_is_asked()) return;
  if (std::FILE* out = ascii_stream(STDOUT_FILENO, isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF)) {
    stdout = out;
  }
  if (std::FILE* err = ascii_stream(STDERR_FILENO, _IONBF)) stderr = err;
}

}  // namespace gibbon::eval::cli
