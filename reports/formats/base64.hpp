// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gibbon::reports::formats {

/// RFC 4648 base64 with padding, as data URIs need it.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// The bytes that to_base64() made this text of; none when it did not.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace gibbon::reports::formats
