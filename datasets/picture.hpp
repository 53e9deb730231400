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

/// A picture as a file has it, put on a background.
struct DeepPicture {
  Picture picture;  ///< without pixels where there are deep levels
  std::vector<std::uint16_t>
      levels;                 ///< 0 … 65535 in place of pixels, where 8 bits do not hold them
  bool transparent = false;   ///< pixels of it were, and the background is seen there
  bool ink_in_alpha = false;  ///< one colour all over, once it is on the background
};

}  // namespace gibbon::datasets
