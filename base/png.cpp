// SPDX-License-Identifier: MIT
#include "base/png.hpp"

#include <csetjmp>
#include <cstring>
#include <png.h>

namespace gibbon {
namespace {

// Enlarged pixels are like those above them. Of a sheet of 2460 × 3820 pixels, level 3 makes 461 kB
// in half the time in which level 6 makes 343 kB; trying all filters, as Cairo does, takes three
// times as long.
constexpr int kFilter = PNG_FILTER_UP;
constexpr int kLevel = 3;
constexpr std::string_view kSignature = "\x89PNG\r\n\x1A\n";

[[noreturn]] void fail(png_structp png, png_const_charp words) {
  *static_cast<std::string*>(png_get_error_ptr(png)) = words;
  png_longjmp(png, 1);
}
void ignore(png_structp /*png*/, png_const_charp /*warning*/) {}

/// libpng's structures, and its words where it failed.
struct Writer {
  Writer() : png(png_create_write_struct(PNG_LIBPNG_VER_STRING, &words, fail, ignore)) {
    if (png != nullptr) info = png_create_info_struct(png);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png, &info); }

  static void append(png_structp png, png_bytep data, std::size_t length) {
    static_cast<std::string*>(png_get_io_ptr(png))
        ->append(reinterpret_cast<const char*>(data), length);
  }

  std::string words = "out of memory";
  png_structp png = nullptr;
  png_infop info = nullptr;
};

struct Reader {
  explicit Reader(std::string_view file)
      : rest(file), png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &words, fail, ignore)) {
    if (png != nullptr) info = png_create_info_struct(png);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

  static void take(png_structp png, png_bytep data, std::size_t length) {
    auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
    if (length > reader.rest.size()) png_error(png, "the file ends early");
    std::memcpy(data, reader.rest.data(), length);
    reader.rest.remove_prefix(length);
  }

  std::string_view rest;
  std::string words;
  png_structp png = nullptr;
  png_infop info = nullptr;
};

// Nothing in the next three has a destructor that a jump could leave out. False: libpng failed.

bool write(Writer& writer, std::size_t height, std::size_t width, std::size_t channels,
           const std::uint8_t* pixels, std::string& bytes) {
  png_structp png = writer.png;
  if (writer.info == nullptr) return false;
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's way
  png_set_write_fn(png, &bytes, Writer::append, nullptr);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, kFilter);
  png_set_compression_level(png, kLevel);
  png_set_IHDR(png, writer.info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               8, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, writer.info);
  for (std::size_t y = 0; y < height; ++y) png_write_row(png, pixels + y * width * channels);
  png_write_end(png, nullptr);
  return true;
}

bool read_header(Reader& reader) {
  if (reader.info == nullptr) return false;
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;  // NOLINT(cert-err52-cpp)
  png_set_read_fn(reader.png, &reader, Reader::take);
  png_read_info(reader.png, reader.info);
  return true;
}

bool read_rows(Reader& reader, std::uint8_t* pixels, std::size_t height, std::size_t row) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;  // NOLINT(cert-err52-cpp)
  const int passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  for (int pass = 0; pass < passes; ++pass)
    for (std::size_t y = 0; y < height; ++y) png_read_row(reader.png, pixels + y * row, nullptr);
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

std::optional<std::string> encode_png(std::size_t height, std::size_t width, std::size_t channels,
                                      std::span<const std::uint8_t> pixels, std::string& problem) {
  constexpr std::size_t kMost = PNG_UINT_31_MAX;
  if (height > kMost || width > kMost || pixels.size() != height * width * channels) {
    problem = "not the size of the picture";
    return std::nullopt;
  }
  Writer writer;
  std::string bytes;
  if (write(writer, height, width, channels, pixels.data(), bytes)) return bytes;
  problem = writer.words;
  return std::nullopt;
}

std::optional<PngPicture> decode_plain_png(std::string_view bytes) {
  if (!bytes.starts_with(kSignature)) return std::nullopt;
  Reader reader(bytes);
  if (!read_header(reader)) return std::nullopt;
  const auto type = png_get_color_type(reader.png, reader.info);
  if (png_get_bit_depth(reader.png, reader.info) != 8 ||
      (type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_RGB) ||
      png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0) {
    return std::nullopt;
  }
  PngPicture picture{.height = png_get_image_height(reader.png, reader.info),
                     .width = png_get_image_width(reader.png, reader.info),
                     .channels = type == PNG_COLOR_TYPE_RGB ? 3U : 1U,
                     .pixels = {}};
  const std::size_t row = picture.width * picture.channels;
  picture.pixels.resize(picture.height * row);
  if (!read_rows(reader, picture.pixels.data(), picture.height, row)) return std::nullopt;
  return picture;
}

}  // namespace gibbon
