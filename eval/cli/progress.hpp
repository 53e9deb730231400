// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "eval/cli/time_left.hpp"

namespace gibbon::eval::cli {

/// "[####....] sweep 50 %  3 s left  pgd", cut so that it takes fewer than `width` columns: a line
/// that wraps could not be taken back.
[[nodiscard]] std::string progress_line(double part, std::string_view text, std::size_t width);

/// Progress on stderr: one line that is drawn anew on a terminal, else (also where TERM is dumb) a
/// plain line per tenth of the work. Thread-safe.
class Progress {
 public:
  /// `label` says what is counted, e.g. "sweep"; `unit` is the plural of one step, e.g. "images".
  Progress(std::string label, std::string unit, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` steps are finished; `note` is shown behind the rate and the time left.
  void update(std::size_t done, std::size_t total, const std::string& note = "");
  /// Likewise for work that is not counted in steps: `part`, 0 to 1, of it is done.
  void share(double part, const std::string& note = "");
  /// What is counted is done; this takes its time, too, and nobody knows how much.
  void then(const std::string& what);
  /// Takes the bar off the terminal, so that something else can be printed; update() draws it
  /// again.
  void pause();

 private:
  void draw(double part, const std::string& before, const std::string& behind);
  void put(double part, const std::string& text);
  [[nodiscard]] double seconds() const;  ///< since the start

  std::string label_;
  std::string unit_;
  bool quiet_;
  bool terminal_;
  bool open_ = false;
  std::size_t tenths_ = 0;
  TimeLeft left_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point drawn_;
  std::mutex mutex_;
};

}  // namespace gibbon::eval::cli
