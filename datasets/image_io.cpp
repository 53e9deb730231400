// SPDX-License-Identifier: MIT
#include "datasets/image_io.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "datasets/pixels.hpp"

namespace gibbon::datasets {
namespace {

constexpr std::string_view kPng = "\x89PNG\r\n";
constexpr std::string_view kJpeg = "\xFF\xD8\xFF";
constexpr std::string_view kEndOfJpeg = "\xFF\xD9";

/// OpenCV fills the missing part of a JPEG with grey and says nothing.
bool is_cut_off(std::string_view bytes) {
  return bytes.starts_with(kJpeg) && bytes.rfind(kEndOfJpeg) == std::string_view::npos;
}

std::size_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t k = at; k < at + count; ++k)
    value = value << 8U | static_cast<unsigned char>(bytes[k]);
  return value;
}

/// Pixels that the header of a PNG or JPEG declares; 0 where it does not.
std::size_t declared_pixels(std::string_view bytes) {
  if (bytes.starts_with(kPng))
    return bytes.size() < 24 ? 0 : big_endian(bytes, 16, 4) * big_endian(bytes, 20, 4);
  if (!bytes.starts_with(kJpeg)) return 0;
  // Segments: 0xFF, type, length. Types 0xC0 to 0xCF but for three are frames: height, width.
  for (std::size_t at = 2; at + 9 <= bytes.size() && bytes[at] == '\xFF';) {
    const std::size_t type = big_endian(bytes, at + 1, 1);
    const bool is_frame =
        type >= 0xC0 && type <= 0xCF && type != 0xC4 && type != 0xC8 && type != 0xCC;
    if (is_frame) return big_endian(bytes, at + 5, 2) * big_endian(bytes, at + 7, 2);
    at += type == 0xFF ? 1 : 2 + big_endian(bytes, at + 2, 2);
  }
  return 0;
}

/// Before anything is decoded: a few bytes declare gigabytes.
void require_memory(std::string_view bytes, const std::string& name) {
  constexpr std::size_t kDecoded = 8;  // bytes of a pixel, at most: 16-bit colour and alpha
  if (const std::size_t pixels = declared_pixels(bytes); pixels > file_limit / kDecoded) {
    fail_input(
        "{}: the image declares {} pixels, which take more than {} bytes; allow more with "
        "--file-limit",
        name, pixels, file_limit.load());
  }
}

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

/// A view, which must not outlive the picture.
cv::Mat to_mat(const Picture& picture) {
  expect_size("bytes of a picture", picture.pixels.size(),
              picture.height * picture.width * picture.channels);
  return {static_cast<int>(picture.height), static_cast<int>(picture.width),
          CV_8UC(static_cast<int>(picture.channels)),
          const_cast<std::uint8_t*>(picture.pixels.data())};
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

[[noreturn]] void fail_transparent(const std::string& name) {
  fail_input(
      "{}: has transparent pixels, whose colour depends on the background; allowed are opaque "
      "images; put it on a background first, e.g. `convert IN -background black -flatten OUT`",
      name);
}

/// Decoded by `flags`, which bring it to 8 bits and no alpha, once it is clear that this loses
/// nothing. Empty when it does not decode.
cv::Mat decode_whole(const std::string& name, const std::string& bytes, int flags) {
  if (bytes.empty()) return {};
  require_memory(bytes, name);
  const bool png = bytes.starts_with(kPng);
  const PngHeader header = png ? png_header(bytes) : PngHeader{};
  if (bytes.starts_with(kJpeg) || (png && header.plain)) return decode(bytes, flags);
  if (header.transparent) fail_transparent(name);
  const cv::Mat whole = decode(bytes, cv::IMREAD_UNCHANGED);
  if (whole.empty()) return {};
  if (!is_opaque(whole)) fail_transparent(name);
  if (whole.depth() == CV_8U) return decode(bytes, flags);
  cv::Mat image = decode(bytes, flags | cv::IMREAD_ANYDEPTH);
  if (!image.empty() && !narrow(image)) {
    fail_input(
        "{}: has more than 8 bits per channel, and its values need them; allowed are values of 8 "
        "bits; convert it, e.g. with `convert IN -depth 8 OUT`, or give the values as float32 in "
        "an .npz file",
        name);
  }
  return image;
}

/// A palette of greys is a grey picture, and so is opaque grey with an alpha channel.
void restore_grey(const std::string& bytes, cv::Mat& image) {
  if (!bytes.starts_with(kPng) || !png_header(bytes).maybe_grey || image.channels() != 3) return;
  std::array<cv::Mat, 3> planes;
  cv::split(image, planes.data());
  if (cv::norm(planes[0], planes[1], cv::NORM_INF) != 0.0) return;
  if (cv::norm(planes[0], planes[2], cv::NORM_INF) != 0.0) return;
  image = planes[0];
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

}  // namespace

Picture read_picture(const std::filesystem::path& path, std::size_t channels) {
  return decode_picture(read_file(path), path.string(), channels);
}

Picture decode_picture(const std::string& bytes, const std::string& name, std::size_t channels) {
  const int flags = channels == 0   ? cv::IMREAD_ANYCOLOR
                    : channels == 1 ? cv::IMREAD_GRAYSCALE
                                    : cv::IMREAD_COLOR;
  if (!bytes.starts_with(kPng) && !bytes.starts_with(kJpeg)) {
    fail_input("{}: is not an image; PNG and JPEG are read; remove or convert it", name);
  }
  cv::Mat image = decode_whole(name, bytes, flags);
  if (image.empty() || is_cut_off(bytes)) {
    fail_input("{}: the image is damaged or cut off; restore or remove it", name);
  }
  if (channels == 0) restore_grey(bytes, image);
  swap_red_and_blue(image);
  return to_picture(image);
}

Picture read_any_picture(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  cv::Mat image = decode_whole(path.string(), bytes, cv::IMREAD_ANYCOLOR);
  if (image.empty() || is_cut_off(bytes)) {
    fail_input(
        "{}: it does not decode as an image; allowed is what OpenCV reads: PNG, JPEG, WebP, BMP, "
        "TIFF and others; convert or restore it",
        path.string());
  }
  restore_grey(bytes, image);
  swap_red_and_blue(image);
  return to_picture(image);
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

void write_png(const std::filesystem::path& path, const Picture& picture) {
  cv::Mat image = to_mat(picture).clone();
  swap_red_and_blue(image);
  std::vector<std::uint8_t> bytes;
  if (!cv::imencode(".png", image, bytes)) {
    fail_input("{}: a picture of {} x {} cannot be encoded as PNG", path.string(), picture.height,
               picture.width);
  }
  write_atomically(path, to_text(bytes));
}

}  // namespace gibbon::datasets
