// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace gibbon {

[[nodiscard]] bool is_gzip(std::string_view bytes);

/// How to have more than `limit` bytes read; empty where --file-limit is not what sets it.
[[nodiscard]] std::string way_out(std::size_t limit);

/// Decompresses all members of a gzip stream; zero padding after the last is allowed. Throws an
/// input Error naming `file` when the stream ends early, is corrupt, or yields over `limit` bytes.
[[nodiscard]] std::string gunzip(std::string_view bytes, const std::filesystem::path& file,
                                 std::size_t limit);

}  // namespace gibbon
