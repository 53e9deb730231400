// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>

// What readers check before they take memory, so that a damaged or hostile file is an error and not
// the end of the machine.
namespace gibbon {

/// Most bytes that one file, or one array in it, may take once it is decoded; --file-limit sets it.
inline std::atomic<std::size_t> file_limit =
    std::size_t{2} << 30U;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// How deep lists and objects may lie in one another in JSON, TOML and S-expressions. Readers and
/// destructors recurse; no file of ours is deeper than ten.
inline constexpr std::size_t kDeepestNesting = 64;

}  // namespace gibbon
