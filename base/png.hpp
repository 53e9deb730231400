// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibbon {

/// 8-bit picture, row-major, channels last (1 = grey, 3 = RGB).
struct PngPicture {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 1;
  std::vector<std::uint8_t> pixels;
};

/// A PNG of height · width · channels levels, or libpng's words about why there is none, in
/// `problem`.
[[nodiscard]] std::optional<std::string> encode_png(std::size_t height, std::size_t width,
                                                    std::size_t channels,
                                                    std::span<const std::uint8_t> pixels,
                                                    std::string& problem);

/// The pixels of a PNG of 8-bit grey or RGB with nothing transparent, as they are stored. Nothing
/// for any other file and for a damaged one.
[[nodiscard]] std::optional<PngPicture> decode_plain_png(std::string_view bytes);

}  // namespace gibbon
