// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibbon::reports::formats {

/// Outcomes, 1 or 0 each, as base64: eight to a byte, the first in the lowest bit.
[[nodiscard]] std::string to_bits(std::span<const std::uint8_t> outcomes);

/// The `count` outcomes that to_bits() wrote; none when the text is not that of so many.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_bits(std::string_view text,
                                                                 std::size_t count);

/// SHA-256 as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string checksum(std::string_view bytes);

}  // namespace gibbon::reports::formats
