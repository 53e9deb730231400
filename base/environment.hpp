// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string>

namespace gibbon {

/// The environment variable's value, or "" when it is not set.
[[nodiscard]] inline std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  return value == nullptr ? "" : value;
}

}  // namespace gibbon
