// SPDX-License-Identifier: MIT
#include "reports/formats/png.hpp"

#include <fmt/format.h>

#include "base/png.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::formats {

std::string to_png(const record::Pixels& pixels) {
  std::string problem;
  const auto bytes =
      encode_png(pixels.height, pixels.width, pixels.channels, pixels.values, problem);
  if (!bytes) {
    throw record::Error(fmt::format("picture: libpng reports \"{}\"; draw fewer samples", problem));
  }
  return *bytes;
}

}  // namespace gibbon::reports::formats
