// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "datasets/pixels.hpp"

// IDX, the format of MNIST: bytes 0, 0, type, number of dimensions; each dimension as a 32-bit
// big-endian integer; the values, last dimension fastest.
namespace gibbon::datasets {

/// Grey images, `count` × `height` × `width`.
struct IdxImages {
  std::size_t count = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  Bytes pixels;  ///< a view of the bytes that were parsed
};

/// Parses a whole IDX3 file of unsigned bytes. Throws an input Error naming `file`, what was found
/// and what was expected for every field and for a payload of another length than the header says.
[[nodiscard]] IdxImages parse_idx_images(std::string_view bytes, const std::filesystem::path& file);

/// Parses a whole IDX1 file of unsigned bytes, each below `classes`. Throws likewise.
[[nodiscard]] std::vector<int> parse_idx_labels(std::string_view bytes, std::size_t classes,
                                                const std::filesystem::path& file);

}  // namespace gibbon::datasets
