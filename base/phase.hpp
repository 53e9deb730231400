// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

// What a command spends its time on, for whoever asks with --verbose.
namespace gibbon {

inline std::atomic<bool> verbose =
    false;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): --verbose sets it

/// A part of a command, from here to the end of the block: "  0.123 s  sweep" on stderr. Where it
/// lies inside of another part, its time is part of that one's.
class Phase {
 public:
  explicit Phase(std::string_view what);
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;
  ~Phase();

 private:
  std::string what_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace gibbon
