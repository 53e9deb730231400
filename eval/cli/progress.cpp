#include "eval/cli/progress.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace gibbon::eval::cli {

Progress::Progress(std::string label, std::string unit, bool quiet)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { pause(); }

void Progress::update(std::size_t done, std::size_t total, const std::string& note) {
  if (quiet_ || total == 0) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done) / std::max(seconds, 1e-9);
  const double left = static_cast<double>(total - done) / std::max(rate, 1e-9);
  const std::string text = fmt::format(
      "{} {:3.0f} %  {:.0f} {}/s  {:.0f} s left  {}", label_,
      100.0 * static_cast<double>(done) / static_cast<double>(total), rate, unit_, left, note);
  if (terminal_) {
    constexpr std::chrono::milliseconds kFrame{80};
    if (now - drawn_ < kFrame && done < total) return;
    drawn_ = now;
    constexpr std::size_t kBar = 24;
    const std::size_t filled = kBar * done / total;
    fmt::print(stderr, "\r\x1b[K[{}{}] {}", std::string(filled, '#'),
               std::string(kBar - filled, '.'), text);
    std::fflush(stderr);
    open_ = true;
  } else if (seconds > 2.0 && 10 * done / total > tenths_) {  // short work needs no lines
    tenths_ = 10 * done / total;
    fmt::print(stderr, "{}\n", text);
  }
}

void Progress::pause() {
  const std::lock_guard lock(mutex_);
  if (open_) fmt::print(stderr, "\r\x1b[K");
  open_ = false;
}

}  // namespace gibbon::eval::cli
