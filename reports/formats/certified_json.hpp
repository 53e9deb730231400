// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// certified.json: per norm how it was made, then curve and samples. What is not known is null.
[[nodiscard]] std::string to_certified_json(const record::Run& run);

/// The certificates that to_certified_json wrote. Throws Error naming what is wrong.
[[nodiscard]] std::vector<record::Certificates> read_certificates(std::string_view certified_json);

}  // namespace gibbon::reports::formats
