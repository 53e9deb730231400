// SPDX-License-Identifier: MIT
#include "eval/cli/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "base/environment.hpp"
#include "eval/cli/screen.hpp"

namespace gibbon::eval::cli {
namespace {

constexpr std::size_t kUsualWidth = 80;

/// Not fmt::print, which throws: a terminal that went away must not end the work.
void write(const std::string& text) { std::fputs(text.c_str(), stderr); }

/// The first `width` code points, each of one column in what progress has to say.
std::string_view first_columns(std::string_view text, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const bool begins = (static_cast<unsigned char>(text[k]) & 0xC0U) != 0x80U;
    if (begins && seen++ == width) return text.substr(0, k);
  }
  return text;
}

}  // namespace

std::string progress_line(double part, std::string_view text, std::size_t width) {
  constexpr std::size_t kBar = 24;
  constexpr std::size_t kNarrow = 60;  // columns, below which words are worth more than a bar
  const std::size_t room = std::max<std::size_t>(width, 2) - 1;
  if (width < kNarrow) return std::string(first_columns(text, room));
  const auto filled = static_cast<std::size_t>(kBar * std::clamp(part, 0.0, 1.0));
  const std::string line =
      fmt::format("[{}{}] {}", std::string(filled, '#'), std::string(kBar - filled, '.'), text);
  return std::string(first_columns(line, room));
}

Progress::Progress(std::string label, std::string unit, bool quiet)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0 && environment("TERM") != "dumb") {}

Progress::~Progress() { pause(); }

void Progress::update(std::size_t done, std::size_t total, const std::string& note) {
  if (total == 0) return;
  const double rate = static_cast<double>(done) / std::max(seconds(), 1e-9);
  draw(static_cast<double>(done) / static_cast<double>(total),
       done > 0 ? fmt::format("{:.0f} {}/s  ", rate, unit_) : "", note);
}

void Progress::share(double part, const std::string& note) { draw(part, "", note); }

void Progress::then(const std::string& what) {
  if (quiet_ || !terminal_) return;
  const std::lock_guard lock(mutex_);
  put(1.0, what);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::draw(double part, const std::string& before, const std::string& behind) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  left_.see(seconds(), part);
  const auto left = left_.seconds();
  const std::string line =
      fmt::format("{} {:3.0f} %  {}{}{}", label_, 100.0 * part, before,
                  left && part < 1.0 ? fmt::format("{:.0f} s left  ", *left) : "", behind);
  if (terminal_) {
    constexpr std::chrono::milliseconds kFrame{80};
    const auto now = std::chrono::steady_clock::now();
    if (now - drawn_ < kFrame && part < 1.0) return;
    drawn_ = now;
    put(part, line);
  } else if (seconds() > 2.0 && static_cast<std::size_t>(10.0 * part) > tenths_) {
    tenths_ = static_cast<std::size_t>(10.0 * part);  // short work needs no lines
    write(line + "\n");
  }
}

void Progress::put(double part, const std::string& text) {
  write("\r\x1b[K" + progress_line(part, text, columns_of(STDERR_FILENO, kUsualWidth)));
  std::fflush(stderr);
  open_ = true;
}

void Progress::pause() {
  const std::lock_guard lock(mutex_);
  if (open_) write("\r\x1b[K");
  open_ = false;
}

}  // namespace gibbon::eval::cli
