#pragma once

namespace gibbon::eval::cli {

inline constexpr int kInterruptedExit = 130;  ///< 128 + SIGINT, as shells have it

/// What main() returns when no error is thrown: 0, 1 when a check that was asked for failed, or
/// kInterruptedExit after Ctrl-C.
inline int exit_code = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace gibbon::eval::cli
