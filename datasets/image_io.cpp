// SPDX-License-Identifier: MIT
#include "datasets/image_io.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/plugin.hpp"
#include "base/png.hpp"
#include "datasets/codecs.hpp"
#include "datasets/pixels.hpp"

namespace gibbon::datasets {
namespace {

const Codecs& codecs() {
  constexpr Plugin kOpenCv{
      .engine = "OpenCV",
      .file = "gibbon_opencv.so",
      .symbol = kCodecsSymbol,
      .environment = "GIBBON_OPENCV_PLUGIN",
      .to_build = "build it: cmake --build --preset release",
      .to_load = "libopencv-imgcodecs406",
      .version = kCodecsVersion,
  };
  static const auto& loaded = *static_cast<const Codecs*>(open_plugin(kOpenCv));
  return loaded;
}

constexpr std::string_view kEndOfJpeg = "\xFF\xD9";

/// Not everything that OpenCV opens: some of its decoders end the process on damaged files.
bool is_known_format(std::string_view bytes) {
  using namespace std::string_view_literals;
  constexpr std::array kOthers = {"BM"sv, "II*\0"sv, "MM\0*"sv};  // BMP, TIFF
  const bool webp = bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP");
  const bool pnm = bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
                   std::isspace(static_cast<unsigned char>(bytes[2])) != 0;
  return bytes.starts_with(kPngSignature) || bytes.starts_with(kJpegSignature) || webp || pnm ||
         std::ranges::any_of(kOthers, [&](auto start) { return bytes.starts_with(start); });
}

/// OpenCV fills the missing part of a JPEG with grey and says nothing.
bool is_cut_off(std::string_view bytes) {
  return bytes.starts_with(kJpegSignature) && bytes.rfind(kEndOfJpeg) == std::string_view::npos;
}

std::size_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t k = at; k < at + count; ++k)
    value = value << 8U | static_cast<unsigned char>(bytes[k]);
  return value;
}

std::size_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t k = at + count; k-- > at;)
    value = value << 8U | static_cast<unsigned char>(bytes[k]);
  return value;
}

struct PnmHeader {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t most = 0;  ///< the level of white; 0: bits, or not said
};

/// "P5 28 28 255": numbers between blanks, and comments behind #.
PnmHeader pnm_header(std::string_view bytes) {
  std::array<std::size_t, 3> numbers{};
  std::size_t at = 2;
  for (std::size_t& number : numbers) {
    while (at < bytes.size() &&
           (bytes[at] == '#' || std::isspace(static_cast<unsigned char>(bytes[at])) != 0)) {
      at = bytes[at] == '#' ? std::min(bytes.find('\n', at), bytes.size()) : at + 1;
    }
    constexpr std::size_t kMost = 1U << 30U;
    for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at)
      number = std::min(kMost, 10 * number + static_cast<std::size_t>(bytes[at] - '0'));
  }
  const bool bits = bytes[1] == '1' || bytes[1] == '4';
  return {.width = numbers[0], .height = numbers[1], .most = bits ? 0 : numbers[2]};
}

/// Pixels that the header of a PNG, JPEG, BMP or PNM declares; 0 where it does not.
std::size_t declared_pixels(std::string_view bytes) {
  if (bytes.starts_with("BM") && bytes.size() >= 26) {
    const auto side = [&](std::size_t at) {  // a negative height is that of rows from the top
      const auto value = static_cast<std::int32_t>(little_endian(bytes, at, 4));
      return static_cast<std::size_t>(std::abs(static_cast<std::int64_t>(value)));
    };
    return side(18) * side(22);
  }
  if (bytes.starts_with('P') && bytes.size() > 2) {
    const PnmHeader header = pnm_header(bytes);
    return header.width * header.height;
  }
  if (bytes.starts_with(kPngSignature))
    return bytes.size() < 24 ? 0 : big_endian(bytes, 16, 4) * big_endian(bytes, 20, 4);
  if (!bytes.starts_with(kJpegSignature)) return 0;
  // Segments: 0xFF, type, length. Types 0xC0 to 0xCF but for three are frames: height, width. What
  // stands between segments is skipped, as decoders do.
  constexpr std::size_t kEnd = 0xD9;
  constexpr std::size_t kScan = 0xDA;
  std::size_t at = 2;
  while (true) {
    at = std::min(bytes.find('\xFF', at), bytes.size());
    at = std::min(bytes.find_first_not_of('\xFF', at), bytes.size());
    if (at + 8 > bytes.size()) return 0;
    const std::size_t type = big_endian(bytes, at++, 1);
    if (type == kEnd || type == kScan) return 0;
    if (type <= 0x01 || (type >= 0xD0 && type < kEnd))
      continue;  // no segment of these has a length
    const bool is_frame =
        type >= 0xC0 && type <= 0xCF && type != 0xC4 && type != 0xC8 && type != 0xCC;
    if (is_frame) return big_endian(bytes, at + 3, 2) * big_endian(bytes, at + 5, 2);
    at += std::max<std::size_t>(2, big_endian(bytes, at, 2));
  }
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

[[noreturn]] void fail_transparent(const std::string& name) {
  fail_input(
      "{}: has transparent pixels, whose colour depends on the background; allowed are opaque "
      "images; put it on a background first, e.g. `convert IN -background black -flatten OUT`",
      name);
}

/// OpenCV takes the levels of a PNM file to be of 8 or 16 bits, whatever most of them is.
void require_pnm_levels(std::string_view bytes, const std::string& name) {
  if (!bytes.starts_with('P') || bytes.size() < 2) return;
  const PnmHeader header = pnm_header(bytes);
  if (header.most == 0 || header.most == 65535 || (header.most <= 255 && 255 % header.most == 0))
    return;
  fail_input(
      "{}: its largest level is {}; allowed are 255, what divides it, and 65535; convert it, e.g. "
      "with `convert IN -depth 16 OUT`",
      name, header.most);
}

/// What needs no OpenCV, which takes 70 ms to load: the PNG files that gibbon itself writes, and
/// most others of 8-bit grey or colour. `channels` as in read_picture(), where no colour gets lost.
std::optional<Picture> decode_plain(std::string_view bytes, std::size_t channels) {
  std::optional<PngPicture> png = decode_plain_png(bytes);
  if (!png || (channels == 1 && png->channels == 3)) return std::nullopt;
  Picture picture{png->height, png->width, png->channels, std::move(png->pixels)};
  if (channels == 3 && png->channels == 1) {
    std::vector<std::uint8_t> colour;
    for (const std::uint8_t level : picture.pixels) colour.insert(colour.end(), 3, level);
    picture.pixels = std::move(colour);
    picture.channels = 3;
  }
  return picture;
}

/// Empty when the bytes do not decode.
Picture decode(const std::string& bytes, const std::string& name, std::size_t channels) {
  if (bytes.empty() || is_cut_off(bytes)) return {};
  require_memory(bytes, name);
  if (std::optional<Picture> plain = decode_plain(bytes, channels)) return std::move(*plain);
  Picture picture;
  switch (codecs().decode(bytes, channels, picture)) {
    case Decoded::kWhole: return picture;
    case Decoded::kDamaged: return {};
    case Decoded::kTransparent: fail_transparent(name);
    case Decoded::kTooDeep:
      fail_input(
          "{}: has more than 8 bits per channel, and its values need them; allowed are values of 8 "
          "bits; convert it, e.g. with `convert IN -depth 8 OUT`, or give the values as float32 in "
          "an .npz file",
          name);
  }
  std::abort();
}

void expect_pixels(const Picture& picture) {
  expect_size("bytes of a picture", picture.pixels.size(),
              picture.height * picture.width * picture.channels);
}

}  // namespace

Picture read_picture(const std::filesystem::path& path, std::size_t channels) {
  return decode_picture(read_file(path), path.string(), channels);
}

Picture decode_picture(const std::string& bytes, const std::string& name, std::size_t channels) {
  if (!bytes.starts_with(kPngSignature) && !bytes.starts_with(kJpegSignature)) {
    fail_input("{}: is not an image; PNG and JPEG are read; remove or convert it", name);
  }
  Picture picture = decode(bytes, name, channels);
  if (picture.pixels.empty()) {
    fail_input("{}: the image is damaged or truncated; restore or remove it", name);
  }
  return picture;
}

DeepPicture read_deep_picture(const std::filesystem::path& path, Background background) {
  return decode_deep_picture(read_file(path), path.string(), background);
}

DeepPicture decode_deep_picture(const std::string& bytes, const std::string& name,
                                Background background) {
  if (!is_known_format(bytes)) {
    fail_input(
        "{}: is not an image; PNG, JPEG, WebP, BMP, TIFF and PNM are read; remove or convert it",
        name);
  }
  require_memory(bytes, name);
  require_pnm_levels(bytes, name);
  if (std::optional<Picture> plain = decode_plain(bytes, 0)) return {.picture = std::move(*plain)};
  DeepPicture picture;
  const Decoded decoded =
      is_cut_off(bytes) ? Decoded::kDamaged : codecs().decode_on(bytes, background, picture);
  switch (decoded) {
    case Decoded::kWhole: return picture;
    case Decoded::kDamaged:
      fail_input("{}: the image is damaged or truncated; restore or remove it", name);
    case Decoded::kTransparent: fail_transparent(name);
    case Decoded::kTooDeep:
      fail_input(
          "{}: its levels are not whole numbers of 8 or 16 bits; allowed are these; give the "
          "values "
          "as float32 in an .npz file",
          name);
  }
  std::abort();
}

Picture to_8bit(DeepPicture picture) {
  constexpr unsigned kStep = 257;  // 65535 / 255
  for (const std::uint16_t level : picture.levels)
    picture.picture.pixels.push_back(static_cast<std::uint8_t>((level + kStep / 2) / kStep));
  return std::move(picture.picture);
}

std::vector<DigitStep> prepare_digit(const Picture& picture, const std::string& name) {
  std::vector<DigitStep> steps = codecs().digit_steps(picture);
  if (steps.empty()) {
    fail_usage(
        "{}: no digit can be seen, for ink and paper are of nearly the same grey; allowed is one "
        "digit on plain ground; of a transparent picture try --background white; or take the "
        "picture as it is: --prepare fit",
        name);
  }
  return steps;
}

Picture fit(const Picture& picture, const Shape& shape) {
  expect_pixels(picture);
  const bool fits = picture.height == shape.height && picture.width == shape.width &&
                    picture.channels == shape.channels;
  return fits ? picture : codecs().fit(picture, shape);
}

void write_png(const std::filesystem::path& path, const Picture& picture) {
  expect_pixels(picture);
  std::string problem;
  const auto bytes =
      encode_png(picture.height, picture.width, picture.channels, picture.pixels, problem);
  if (!bytes) {
    fail_input("{}: a picture of {} x {} cannot be encoded as PNG: {}", path.string(),
               picture.height, picture.width, problem);
  }
  write_atomically(path, *bytes);
}

}  // namespace gibbon::datasets
