// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// One picture of an animation, three channels, and how long it is shown.
struct Frame {
  record::Pixels pixels;
  int milliseconds = 0;
};

/// An animated WebP, lossless, that plays for ever. All frames have the size of the first; there
/// are two or more. Throws Error with libwebp's words.
[[nodiscard]] std::string to_webp(std::span<const Frame> frames);

}  // namespace gibbon::reports::formats
