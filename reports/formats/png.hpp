// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// A PNG of 8-bit grey or colour. Throws Error with libpng's words.
[[nodiscard]] std::string to_png(const record::Pixels& pixels);

}  // namespace gibbon::reports::formats
