// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <csignal>

namespace gibbon::eval::cli {

/// The signal that set gibbon::interrupted.
inline std::atomic<int> stop_signal =
    SIGINT;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// 128 + the signal, as shells have it: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
[[nodiscard]] inline int interrupted_exit() { return 128 + stop_signal; }

}  // namespace gibbon::eval::cli
