// SPDX-License-Identifier: MIT
#include "eval/cli/progress.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace gibbon::eval::cli {
namespace {

/// Not fmt::print, which throws: a terminal that went away must not end the work.
void write(const std::string& text) { std::fputs(text.c_str(), stderr); }

}  // namespace

Progress::Progress(std::string label, std::string unit, bool quiet)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { pause(); }

void Progress::update(std::size_t done, std::size_t total, const std::string& note) {
  if (total == 0) return;
  const double part = static_cast<double>(done) / static_cast<double>(total);
  const double rate = static_cast<double>(done) / std::max(seconds(), 1e-9);
  draw(part, fmt::format("{:.0f} {}/s  {:.0f} s left  {}", rate, unit_,
                         static_cast<double>(total - done) / std::max(rate, 1e-9), note));
}

void Progress::share(double part, const std::string& note) {
  const std::string left =
      part > 0.0 ? fmt::format("{:.0f} s left  ", seconds() * (1.0 - part) / part) : "";
  draw(part, left + note);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::draw(double part, const std::string& text) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  const std::string line = fmt::format("{} {:3.0f} %  {}", label_, 100.0 * part, text);
  if (terminal_) {
    constexpr std::chrono::milliseconds kFrame{80};
    if (now - drawn_ < kFrame && part < 1.0) return;
    drawn_ = now;
    constexpr std::size_t kBar = 24;
    const auto filled = static_cast<std::size_t>(static_cast<double>(kBar) * part);
    write(fmt::format("\r\x1b[K[{}{}] {}", std::string(filled, '#'),
                      std::string(kBar - filled, '.'), line));
    std::fflush(stderr);
    open_ = true;
  } else if (seconds() > 2.0 && static_cast<std::size_t>(10.0 * part) > tenths_) {
    tenths_ = static_cast<std::size_t>(10.0 * part);  // short work needs no lines
    write(line + "\n");
  }
}

void Progress::pause() {
  const std::lock_guard lock(mutex_);
  if (open_) write("\r\x1b[K");
  open_ = false;
}

}  // namespace gibbon::eval::cli
