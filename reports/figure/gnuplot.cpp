// SPDX-License-Identifier: MIT
#include "reports/figure/gnuplot.hpp"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::figure {
namespace {

struct Close {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};
// std::tmpfile: no name that another user could guess, gone when closed. Files rather than pipes,
// so that no side can wait for the other.
using File = std::unique_ptr<std::FILE, Close>;

[[noreturn]] void fail(const std::string& program, const std::string& what) {
  throw record::Error(
      fmt::format("figure: {} {}; gnuplot 5.4 or later draws the curves; "
                  "apt-get install gnuplot-nox",
                  program, what));
}

File temporary(const std::string& program) {
  File file(std::tmpfile());
  if (file == nullptr) fail(program, "has no temporary file, the disk may be full");
  return file;
}

std::string read_all(std::FILE* file) {
  std::rewind(file);
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file))
    bytes.append(buffer.data(), count);
  return bytes;
}

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  void connect(std::FILE* file, int descriptor) {
    posix_spawn_file_actions_adddup2(&actions_, fileno(file), descriptor);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

std::string run_gnuplot(std::string_view script, const std::string& program) {
  const File in = temporary(program);
  const File out = temporary(program);
  const File err = temporary(program);
  if (std::fwrite(script.data(), 1, script.size(), in.get()) != script.size())
    fail(program, "cannot be given its script, the disk may be full");
  std::rewind(in.get());

  Actions actions;
  actions.connect(in.get(), STDIN_FILENO);
  actions.connect(out.get(), STDOUT_FILENO);
  actions.connect(err.get(), STDERR_FILENO);
  std::string name = program;
  std::string no_settings = "-d";
  const std::array<char*, 3> arguments{name.data(), no_settings.data(), nullptr};
  const ChildAttributes attributes;
  pid_t child = 0;
  if (posix_spawnp(&child, program.c_str(), actions.get(), attributes.get(), arguments.data(),
                   environ) != 0)
    fail(program, "cannot be started");
  if (const int status = wait_for(child); status != 0)
    fail(program, fmt::format("failed with status {}: {}", status, printable(read_all(err.get()))));
  return read_all(out.get());
}

std::string within_font(std::string_view script) {
  constexpr std::string_view kBox = "\u25A1";
  constexpr unsigned char kFirst = 0xE2;  // U+2E80 is E2 BA 80
  constexpr unsigned char kSecond = 0xBA;
  std::string out;
  for (std::size_t at = 0; at < script.size();) {
    const auto lead = static_cast<unsigned char>(script[at]);
    const std::size_t length = lead < 0x80U ? 1 : lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
    const std::string_view one = script.substr(at, length);
    const bool beyond = lead > kFirst || (lead == kFirst && one.size() > 1 &&
                                          static_cast<unsigned char>(one[1]) >= kSecond);
    out += beyond ? kBox : one;
    at += one.size();
  }
  return out;
}

std::string run_gnuplot_svg(std::string_view script, std::string_view title) {
  std::string svg = run_gnuplot(script);
  // Readers without DejaVu get a sans-serif of nearly its widths instead of their default.
  replace_all(svg, "font-family=\"DejaVu Sans\"",
              "font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\"");
  replace_all(svg, "<title>Gnuplot</title>",
              fmt::format("<title>{}</title>", record::escape_html(title)));
  return svg;
}

// Octal, because gnuplot looks for `commands` and quotes before it looks at escapes, and misreads a
// doubled single quote at the start of a string. Digits too: an escape takes all that follow it.
std::string gnuplot_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : printable(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80U || std::isalpha(byte) != 0 || c == ' ')
      quoted += c;
    else
      quoted += fmt::format("\\{:03o}", byte);
  }
  return quoted + "\"";
}

}  // namespace gibbon::reports::figure
