// SPDX-License-Identifier: MIT
#include "reports/formats/png.hpp"

#include <csetjmp>
#include <fmt/format.h>
#include <png.h>
#include <utility>

#include "reports/record/error.hpp"

namespace gibbon::reports::formats {
namespace {

// Enlarged pixels are like those above them. Of a sheet of 2460 × 3820 pixels, level 3 makes 461 kB
// in half the time in which level 6 makes 343 kB; trying all filters, as Cairo does, takes three
// times as long.
constexpr int kFilter = PNG_FILTER_UP;
constexpr int kLevel = 3;

/// libpng's structures, and its words where it failed.
struct Writer {
  Writer() : png(png_create_write_struct(PNG_LIBPNG_VER_STRING, this, fail, ignore)) {
    if (png != nullptr) info = png_create_info_struct(png);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png, &info); }

  [[noreturn]] static void fail(png_structp png, png_const_charp words) {
    static_cast<Writer*>(png_get_error_ptr(png))->words = words;
    png_longjmp(png, 1);
  }
  static void ignore(png_structp /*png*/, png_const_charp /*warning*/) {}
  static void append(png_structp png, png_bytep data, std::size_t length) {
    static_cast<std::string*>(png_get_io_ptr(png))
        ->append(reinterpret_cast<const char*>(data), length);
  }

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string words = "out of memory";
};

/// False where libpng failed. Nothing here has a destructor that a jump could leave out.
bool write(Writer& writer, const record::Pixels& pixels, std::string& bytes) {
  png_structp png = writer.png;
  if (writer.info == nullptr) return false;
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng's way
  png_set_write_fn(png, &bytes, Writer::append, nullptr);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, kFilter);
  png_set_compression_level(png, kLevel);
  png_set_IHDR(png, writer.info, pixels.width, pixels.height, 8,
               pixels.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, writer.info);
  const std::size_t row = std::size_t{pixels.width} * pixels.channels;
  for (std::size_t y = 0; y < pixels.height; ++y) png_write_row(png, &pixels.values[y * row]);
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

std::string to_png(const record::Pixels& pixels) {
  Writer writer;
  std::string bytes;
  if (!write(writer, pixels, bytes)) {
    throw record::Error(
        fmt::format("picture: libpng reports \"{}\"; draw fewer samples", writer.words));
  }
  return bytes;
}

}  // namespace gibbon::reports::formats
