#pragma once

namespace gibbon::eval::cli {

/// What main() returns when no error is thrown: 0, 1 when a check that was asked for failed, or 130
/// after Ctrl-C.
inline int exit_code = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace gibbon::eval::cli
