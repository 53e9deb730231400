// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

namespace gibbon::eval::cli {

/// How long work still takes, by how fast it went of late: what comes first may be cheaper than
/// what comes later.
class TimeLeft {
 public:
  /// `part`, 0 to 1, is done after so many seconds. Both rise from call to call.
  void see(double seconds, double part) {
    constexpr double kWindow = 10.0;
    constexpr double kApart = 0.1;  // seconds: often enough, whoever calls how often
    if (!seen_.empty() && seconds - seen_.back().seconds < kApart) return;
    seen_.push_back({seconds, part});
    while (seen_.size() > 2 && seconds - seen_[1].seconds >= kWindow) seen_.pop_front();
  }

  /// Nothing before a second and a hundredth of the work are over.
  [[nodiscard]] std::optional<double> seconds() const {
    if (seen_.size() < 2) return std::nullopt;
    const auto& [last, part] = seen_.back();
    const double gained = part - seen_.front().part;
    if (last < 1.0 || part < 0.01 || !(gained > 0.0)) return std::nullopt;
    return (1.0 - part) * (last - seen_.front().seconds) / gained;
  }

 private:
  struct Moment {
    double seconds = 0.0;
    double part = 0.0;
  };
  std::deque<Moment> seen_;
};

}  // namespace gibbon::eval::cli
