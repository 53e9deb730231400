#pragma once

#include <string>
#include <string_view>

namespace gibbon::reports {

/// RFC 4648 base64 with padding, as data URIs need it.
[[nodiscard]] std::string to_base64(std::string_view bytes);

}  // namespace gibbon::reports
