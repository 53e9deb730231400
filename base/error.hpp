// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>
#include <stdexcept>
#include <string>

namespace gibbon {

/// What the user can do something about; main() turns the kind into the exit code.
enum class ErrorKind {
  kCheckFailed = 1,  ///< a check that was asked for did not hold
  kUsage = 2,        ///< command line, configuration, settings that do not fit together
  kInput = 3,        ///< reading, writing, decoding
};

/// The one exception for errors of the user's world. The text reads
/// *where: what, the value; what is allowed; what to do*.
/// Our own mistakes are std::logic_error instead.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  [[nodiscard]] ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

template <class... Args>
[[noreturn]] void fail_usage(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void fail_input(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::kInput, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace gibbon
