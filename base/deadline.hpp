// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <limits>
#include <optional>

#include "base/parallel.hpp"

namespace gibbon {

/// Thrown out of the middle of work whose deadline has passed; what was finished stays.
struct TimeOver {};

/// When work has to end. No step between two looks at it takes longer than a product of a few rows
/// with one layer.
struct Deadline {
  std::optional<std::chrono::steady_clock::time_point> at;  ///< none: never

  /// So many seconds from now; 0: never.
  [[nodiscard]] static Deadline in(double seconds) {
    if (!(seconds > 0.0)) return {};
    return {std::chrono::steady_clock::now() +
            std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                std::chrono::duration<double>(seconds))};
  }

  [[nodiscard]] bool passed() const { return at && std::chrono::steady_clock::now() >= *at; }

  /// Seconds that are left, 0 when none are, infinity without an end.
  [[nodiscard]] double left() const {
    if (!at) return std::numeric_limits<double>::infinity();
    const std::chrono::duration<double> rest = *at - std::chrono::steady_clock::now();
    return rest.count() > 0.0 ? rest.count() : 0.0;
  }

  /// Throws TimeOver when the time is over.
  void check_time() const {
    if (passed()) throw TimeOver{};
  }

  /// Throws Interrupted or TimeOver when work has to end.
  void check() const {
    if (interrupted) throw Interrupted{};
    check_time();
  }
};

/// The deadline of what this thread reads and copies: steps that lie too deep to be handed one.
inline thread_local Deadline reading_deadline;

/// Sets `reading_deadline` for as long as it lives.
class ReadingDeadline {
 public:
  explicit ReadingDeadline(const Deadline& deadline) : before_(reading_deadline) {
    reading_deadline = deadline;
  }
  ~ReadingDeadline() { reading_deadline = before_; }
  ReadingDeadline(const ReadingDeadline&) = delete;
  ReadingDeadline& operator=(const ReadingDeadline&) = delete;

 private:
  Deadline before_;
};

}  // namespace gibbon
