// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"
#include "datasets/digit.hpp"
#include "models/target.hpp"

namespace gibbon::eval::lab {

enum class Tones { kAsTheyAre, kInverted };

/// How a picture is brought to the model's size. kAuto: kDigit for networks of MNIST's digits and
/// pictures of another size.
enum class Preparation { kAuto, kFit, kDigit };

/// "auto", "fit" or "digit"; anything else is a usage Error.
[[nodiscard]] Preparation find_preparation(const std::string& name);

/// How a picture of the user's own becomes a sample.
struct PhotoOptions {
  std::vector<std::string> class_names;  ///< empty: numbers
  std::optional<std::string> label;      ///< name or number; none: what the model says
  Tones tones = Tones::kAsTheyAre;       ///< of kFit; kAuto with kInverted is kFit
  Preparation preparation = Preparation::kAuto;
  datasets::Background background = datasets::Background::kBlack;
};

/// One sample, and in words how it came about.
struct Photo {
  datasets::Dataset data;
  std::string told;
  std::vector<datasets::DigitStep> steps;  ///< of kDigit
};

/// Reads any image that OpenCV decodes and makes it as large as the model's input: as it is where
/// that fits, else a digit by datasets::prepare_digit(), or the middle of it as a square, averaged
/// down to side × side grey or, where the inputs are no square number, colour. Pixels are k / 255.
/// Throws an input Error for what is no image, a usage Error for inputs that are no square picture
/// and for labels that are no class.
[[nodiscard]] Photo read_photo(const std::filesystem::path& path, const models::Target& target,
                               const PhotoOptions& options);

/// The steps beside each other, the last with what the model says: "png" bytes.
[[nodiscard]] std::string draw_steps(const Photo& photo);

}  // namespace gibbon::eval::lab
