#pragma once

#include <chrono>
#include <optional>

namespace gibbon::eval {

/// When work has to end. Whoever sees it pass leaves what is not bounded yet as it is.
struct Deadline {
  std::optional<std::chrono::steady_clock::time_point> at;
  [[nodiscard]] bool passed() const { return at && std::chrono::steady_clock::now() >= *at; }
};

}  // namespace gibbon::eval
