// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "datasets/dataset.hpp"
#include "datasets/picture.hpp"

namespace gibbon::datasets {

/// Decodes PNG or JPEG; `channels` 1 or 3 converts, 0 keeps grey (also a palette of greys) as 1 and
/// the rest as 3. Throws Error (input) naming the file when it is missing or not an image, and when
/// 8 bits of grey or colour do not hold all of it: transparent pixels, values of more than 8 bits.
[[nodiscard]] Picture read_picture(const std::filesystem::path& path, std::size_t channels);

/// The same of bytes; `name` is for messages.
[[nodiscard]] Picture decode_picture(const std::string& bytes, const std::string& name,
                                     std::size_t channels);

/// Decodes PNG, JPEG, WebP, BMP, TIFF and PNM, turned upright as the camera noted; grey stays 1
/// channel, the rest is 3; transparent pixels are put on the background, and levels that need 16
/// bits stay as they are. Throws an input Error naming the file when it is missing, not an image of
/// these or damaged, and for levels that are not whole numbers.
[[nodiscard]] DeepPicture read_deep_picture(const std::filesystem::path& path,
                                            Background background);

/// The same of bytes; `name` is for messages.
[[nodiscard]] DeepPicture decode_deep_picture(const std::string& bytes, const std::string& name,
                                              Background background);

/// The same rounded to 8 bits.
[[nodiscard]] Picture to_8bit(DeepPicture picture);

/// The middle of the picture that has the shape's proportions, in its size, each pixel the mean of
/// the area it covers; grey of a colour picture by ITU-R BT.601, colour of a grey one three times
/// it.
[[nodiscard]] Picture fit(const Picture& picture, const Shape& shape);

/// Encodes as PNG (lossless) and writes atomically.
void write_png(const std::filesystem::path& path, const Picture& picture);

}  // namespace gibbon::datasets
