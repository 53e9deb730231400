// SPDX-License-Identifier: MIT
// The plugin gibbon_opencv.so: image formats. Nothing here calls gibbon's own functions, which live
// in the program.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "datasets/codecs.hpp"
#include "datasets/opencv/digit.hpp"

namespace gibbon::datasets {

cv::Mat to_mat(const Picture& picture) {
  return {static_cast<int>(picture.height), static_cast<int>(picture.width),
          CV_8UC(static_cast<int>(picture.channels)),
          const_cast<std::uint8_t*>(picture.pixels.data())};
}

Picture to_picture(const cv::Mat& image) {
  Picture picture{.height = static_cast<std::size_t>(image.rows),
                  .width = static_cast<std::size_t>(image.cols),
                  .channels = static_cast<std::size_t>(image.channels())};
  const std::size_t row_size = picture.width * picture.channels;
  picture.pixels.resize(picture.height * row_size);
  for (std::size_t row = 0; row < picture.height; ++row) {
    std::copy_n(image.ptr(static_cast<int>(row)), row_size, picture.pixels.data() + row * row_size);
  }
  return picture;
}

namespace {

cv::Mat decode(const std::string& bytes, int flags) {
  try {
    const cv::Mat view(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
    return cv::imdecode(view, flags);
  } catch (const cv::Exception&) {  // e.g. more pixels than OpenCV accepts
    return {};
  }
}

/// OpenCV's order is BGR, ours RGB; the exchange is its own inverse.
void swap_red_and_blue(cv::Mat& image) {
  if (image.channels() == 3) cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
}

/// What of a PNG says whether 8-bit grey or colour holds all of it.
struct PngHeader {
  bool maybe_grey = false;   ///< decoded as colour, though it may be grey: a palette, grey + alpha
  bool plain = true;         ///< at most 8 bits, nothing transparent
  bool transparent = false;  ///< one colour stands for "nothing there" (tRNS without a palette)
};

PngHeader png_header(std::string_view bytes) {
  constexpr std::size_t kBitDepth = 24;  // signature, length, "IHDR", width, height
  constexpr std::size_t kColourType = 25;
  constexpr unsigned char kPalette = 3;
  constexpr unsigned char kAlpha = 4;  // a bit of the colour type
  if (bytes.size() <= kColourType) return {};
  const auto depth = static_cast<unsigned char>(bytes[kBitDepth]);
  const auto type = static_cast<unsigned char>(bytes[kColourType]);
  // The chunk has to come before the first IDAT, whose bytes could spell anything.
  const bool keyed = bytes.substr(0, bytes.find("IDAT")).find("tRNS") != std::string_view::npos;
  return {.maybe_grey = type == kPalette || type == kAlpha,
          .plain = depth <= 8 && (type & kAlpha) == 0 && !keyed,
          .transparent = keyed && type != kPalette};
}

bool is_opaque(const cv::Mat& image) {
  if (image.channels() != 2 && image.channels() != 4) return true;
  cv::Mat alpha;
  cv::extractChannel(image, alpha, image.channels() - 1);
  double least = 0.0;
  cv::minMaxLoc(alpha, &least);
  return least == (image.depth() == CV_8U ? 255.0 : image.depth() == CV_16U ? 65535.0 : 1.0);
}

/// 16-bit levels as 8-bit ones, when all are 257 k: what 8-bit pictures become that are saved so.
bool narrow(cv::Mat& image) {
  if (image.depth() == CV_8U) return true;
  if (image.depth() != CV_16U) return false;
  cv::Mat levels;
  image.convertTo(levels, CV_8U, 1.0 / 257.0);
  cv::Mat again;
  levels.convertTo(again, CV_16U, 257.0);
  if (cv::norm(image, again, cv::NORM_INF) != 0.0) return false;
  image = levels;
  return true;
}

/// Decoded by `flags`, which bring it to 8 bits and no alpha, once it is clear that this loses
/// nothing.
Decoded decode_whole(const std::string& bytes, int flags, cv::Mat& image) {
  const bool png = bytes.starts_with(kPngSignature);
  const PngHeader header = png ? png_header(bytes) : PngHeader{};
  if (!bytes.starts_with(kJpegSignature) && !(png && header.plain)) {
    if (header.transparent) return Decoded::kTransparent;
    const cv::Mat whole = decode(bytes, cv::IMREAD_UNCHANGED);
    if (whole.empty()) return Decoded::kDamaged;
    if (!is_opaque(whole)) return Decoded::kTransparent;
    if (whole.depth() != CV_8U) {
      image = decode(bytes, flags | cv::IMREAD_ANYDEPTH);
      if (image.empty()) return Decoded::kDamaged;
      return narrow(image) ? Decoded::kWhole : Decoded::kTooDeep;
    }
  }
  image = decode(bytes, flags);
  return image.empty() ? Decoded::kDamaged : Decoded::kWhole;
}

/// A palette of greys is a grey picture, and so is opaque grey with an alpha channel.
void restore_grey(const std::string& bytes, cv::Mat& image) {
  if (!bytes.starts_with(kPngSignature) || !png_header(bytes).maybe_grey || image.channels() != 3)
    return;
  std::array<cv::Mat, 3> planes;
  cv::split(image, planes.data());
  if (cv::norm(planes[0], planes[1], cv::NORM_INF) != 0.0) return;
  if (cv::norm(planes[0], planes[2], cv::NORM_INF) != 0.0) return;
  image = planes[0];
}

Decoded decode_picture(const std::string& bytes, std::size_t channels, Picture& picture) {
  const int flags = channels == 0   ? cv::IMREAD_ANYCOLOR
                    : channels == 1 ? cv::IMREAD_GRAYSCALE
                                    : cv::IMREAD_COLOR;
  cv::Mat image;
  const Decoded decoded = decode_whole(bytes, flags, image);
  if (decoded != Decoded::kWhole) return decoded;
  if (channels == 0) restore_grey(bytes, image);
  swap_red_and_blue(image);
  picture = to_picture(image);
  return decoded;
}

/// Levels over a background, rounded: (level · alpha + ground · (most - alpha)) / most.
template <class Level>
cv::Mat on_background(const cv::Mat& image, Background background) {
  constexpr std::uint64_t kMost = std::numeric_limits<Level>::max();
  const std::uint64_t ground = background == Background::kWhite ? kMost : 0;
  const int colours = image.channels() - 1;
  cv::Mat out(image.rows, image.cols, CV_MAKETYPE(image.depth(), colours));
  for (int row = 0; row < image.rows; ++row) {
    const auto* from = image.ptr<Level>(row);
    auto* to = out.ptr<Level>(row);
    for (int col = 0; col < image.cols; ++col, from += colours + 1, to += colours) {
      const std::uint64_t alpha = from[colours];
      for (int c = 0; c < colours; ++c) {
        const std::uint64_t sum = from[c] * alpha + ground * (kMost - alpha);
        to[c] = static_cast<Level>((sum + kMost / 2) / kMost);
      }
    }
  }
  return out;
}

bool is_constant(const cv::Mat& image) {
  double least = 0.0;
  double most = 0.0;
  cv::minMaxLoc(image.reshape(1), &least, &most);
  return least == most;
}

/// 32-bit BMP files have an alpha channel that most programs leave at 0.
bool has_unused_alpha(const std::string& bytes, const cv::Mat& image) {
  if (!bytes.starts_with("BM") || image.channels() != 4) return false;
  cv::Mat alpha;
  cv::extractChannel(image, alpha, 3);
  return cv::countNonZero(alpha) == 0;
}

Decoded decode_on(const std::string& bytes, Background background, DeepPicture& picture) {
  const bool png = bytes.starts_with(kPngSignature);
  const PngHeader header = png ? png_header(bytes) : PngHeader{};
  cv::Mat image;
  if (bytes.starts_with(kJpegSignature) || (png && header.plain)) {
    image = decode(bytes, cv::IMREAD_ANYCOLOR);
  } else {
    if (header.transparent) return Decoded::kTransparent;
    image = decode(bytes, cv::IMREAD_UNCHANGED);
    if (image.empty()) return Decoded::kDamaged;
    if (image.depth() != CV_8U && image.depth() != CV_16U) return Decoded::kTooDeep;
    if (is_opaque(image) || has_unused_alpha(bytes, image)) {
      image = decode(bytes, cv::IMREAD_ANYCOLOR | cv::IMREAD_ANYDEPTH);
    } else {
      image = image.depth() == CV_8U ? on_background<std::uint8_t>(image, background)
                                     : on_background<std::uint16_t>(image, background);
      picture.transparent = true;
      picture.ink_in_alpha = is_constant(image);
    }
  }
  if (image.empty()) return Decoded::kDamaged;
  const bool whole = narrow(image);
  restore_grey(bytes, image);
  swap_red_and_blue(image);
  if (whole) {
    picture.picture = to_picture(image);
    return Decoded::kWhole;
  }
  picture.picture = {.height = static_cast<std::size_t>(image.rows),
                     .width = static_cast<std::size_t>(image.cols),
                     .channels = static_cast<std::size_t>(image.channels())};
  for (int row = 0; row < image.rows; ++row) {
    const auto* from = image.ptr<std::uint16_t>(row);
    picture.levels.insert(picture.levels.end(), from,
                          from + picture.picture.width * picture.picture.channels);
  }
  return Decoded::kWhole;
}

Picture fit(const Picture& picture, const Shape& shape) {
  const cv::Mat whole = to_mat(picture);
  // The largest box of the shape's proportions, at least a pixel wide and high.
  const double factor =
      std::min(static_cast<double>(whole.rows) / static_cast<double>(shape.height),
               static_cast<double>(whole.cols) / static_cast<double>(shape.width));
  const auto part = [&](std::size_t wanted, int there) {
    return std::clamp(static_cast<int>(std::lround(factor * static_cast<double>(wanted))), 1,
                      there);
  };
  const int height = part(shape.height, whole.rows);
  const int width = part(shape.width, whole.cols);
  const cv::Mat middle =
      whole(cv::Rect((whole.cols - width) / 2, (whole.rows - height) / 2, width, height));
  cv::Mat scaled;
  cv::resize(middle, scaled, {static_cast<int>(shape.width), static_cast<int>(shape.height)}, 0, 0,
             cv::INTER_AREA);
  if (picture.channels != shape.channels) {
    cv::cvtColor(scaled, scaled, shape.channels == 1 ? cv::COLOR_RGB2GRAY : cv::COLOR_GRAY2RGB);
  }
  return to_picture(scaled);
}

}  // namespace
}  // namespace gibbon::datasets

extern "C" {
[[gnu::visibility("default")]] extern const gibbon::datasets::Codecs gibbon_codecs_plugin;
const gibbon::datasets::Codecs gibbon_codecs_plugin = {
    gibbon::datasets::kCodecsVersion, gibbon::datasets::decode_picture, gibbon::datasets::decode_on,
    gibbon::datasets::fit, gibbon::datasets::digit_steps};
}
