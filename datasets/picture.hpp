// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gibbon::datasets {

/// 8-bit picture, row-major, channels last (1 = grey, 3 = RGB).
struct Picture {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 1;
  std::vector<std::uint8_t> pixels;
};

}  // namespace gibbon::datasets
