// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.hpp"
#include "datasets/digit.hpp"
#include "datasets/picture.hpp"

// What image_io.hpp needs of OpenCV, whose image codecs load a hundred libraries: 70 ms of every
// command, were it linked into the program.
namespace gibbon::datasets {

/// First bytes of a file. OpenCV chooses a decoder by these, and a decoder of medical images by
/// what stands at byte 128: hence all eight of a PNG.
inline constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1A\n";
inline constexpr std::string_view kJpegSignature = "\xFF\xD8\xFF";

enum class Decoded { kWhole, kDamaged, kTransparent, kTooDeep };

/// What the plugin (opencv/) exports.
struct Codecs {
  int version;  ///< kCodecsVersion of the time it was built
  /// 8 bits per channel of an image in a format of image_io.hpp; `channels` as in read_picture().
  /// The picture is overwritten when nothing is lost by it: kWhole.
  Decoded (*decode)(const std::string& bytes, std::size_t channels, Picture& picture);
  /// The same of any format of image_io.hpp, on a background: deep levels are kept, kTransparent is
  /// only what cannot be put on one, and kTooDeep what is not whole numbers. Grey stays grey.
  Decoded (*decode_on)(const std::string& bytes, Background background, DeepPicture& picture);
  Picture (*fit)(const Picture& picture, const Shape& shape);  ///< as image_io.hpp says
  /// As digit.hpp says; empty when there is nothing to be seen.
  std::vector<DigitStep> (*digit_steps)(const Picture& picture);
};
inline constexpr int kCodecsVersion = 4;
inline constexpr const char* kCodecsSymbol = "gibbon_codecs_plugin";  ///< Codecs

}  // namespace gibbon::datasets
