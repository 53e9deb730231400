// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"
#include "models/target.hpp"

namespace gibbon::eval::lab {

enum class Tones { kAsTheyAre, kInverted };

/// How a picture of the user's own becomes a sample.
struct PhotoOptions {
  std::vector<std::string> class_names;  ///< empty: numbers
  std::optional<std::string> label;      ///< name or number; none: what the model says
  Tones tones = Tones::kAsTheyAre;
  datasets::Background background = datasets::Background::kBlack;
};

/// One sample, and in words how it came about.
struct Photo {
  datasets::Dataset data;
  std::string told;
};

/// Reads any image that OpenCV decodes and makes it as large as the model's input: as it is where
/// that fits, else the middle of it as a square, averaged down to side × side grey or, where the
/// inputs are no square number, colour. Pixels are k / 255. Throws an input Error for what is no
/// image, a usage Error for inputs that are no square picture and for labels that are no class.
[[nodiscard]] Photo read_photo(const std::filesystem::path& path, const models::Target& target,
                               const PhotoOptions& options);

}  // namespace gibbon::eval::lab
