// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <csignal>

namespace gibbon::eval::cli {

/// What main() returns when no error is thrown: 0, 1 when a check that was asked for failed, or
/// interrupted_exit() when the work was cut short.
inline int exit_code = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// The signal that set gibbon::interrupted.
inline std::atomic<int> stop_signal =
    SIGINT;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// 128 + the signal, as shells have it: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
[[nodiscard]] inline int interrupted_exit() { return 128 + stop_signal; }

}  // namespace gibbon::eval::cli
