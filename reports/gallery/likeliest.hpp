// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/record.hpp"

namespace gibbon::reports::gallery {

/// Of every sample, at the smallest budget that fools the model and at the largest, the five
/// classes that the model holds for likeliest: without attack, attacked and, where that is another
/// image, as 8-bit file. Tables for the terminal; empty for a gallery without confidences.
[[nodiscard]] std::string likeliest_text(const record::Gallery& gallery);

}  // namespace gibbon::reports::gallery
