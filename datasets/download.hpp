// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace gibbon::datasets {

/// Outcome of one attempt to download a file.
struct Download {
  std::string problem;   ///< "" when all bytes that the server announced have arrived
  bool resumed = false;  ///< the first bytes are from an earlier attempt
};

/// Downloads `url` (http, https) into `part`, going on behind what is there already when the server
/// can. Gives up on a server that does not answer for 15 s or sends less than 1 kB/s for 30 s, and
/// soon after `interrupted` is set. Whatever arrived stays in `part`. Throws an input Error only
/// when `part` cannot be written, or another process is writing it. `progress` is called with the
/// bytes in `part` and the bytes in total (0: unknown).
[[nodiscard]] Download download(const std::string& url, const std::filesystem::path& part,
                                const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace gibbon::datasets
