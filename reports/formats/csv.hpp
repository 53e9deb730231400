// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace gibbon::reports::formats {

/// Text as one field: in quotes where it holds commas, quotes or line ends.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace gibbon::reports::formats
