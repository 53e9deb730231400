// SPDX-License-Identifier: MIT
#include "datasets/idx.hpp"

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace gibbon::datasets {
namespace {

constexpr std::uint32_t kImages = 0x00000803;  // unsigned bytes, 3 dimensions
constexpr std::uint32_t kLabels = 0x00000801;  // unsigned bytes, 1 dimension
constexpr std::size_t kLongestSide = 4096;     // pixels; more is a damaged header, not a picture
constexpr std::string_view kRemedy = "fetch the file again or correct the program that wrote it";

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::string_view type_name(unsigned code) {
  switch (code) {
    case 0x08: return "unsigned bytes";
    case 0x09: return "signed bytes";
    case 0x0B: return "16-bit integers";
    case 0x0C: return "32-bit integers";
    case 0x0D: return "32-bit floats";
    case 0x0E: return "64-bit floats";
    default: return "no known type";
  }
}

/// Why `found` is not `wanted`, field by field.
std::string magic_mistake(std::uint32_t found, std::uint32_t wanted) {
  if (found == kImages) return "a file of images";
  if (found == kLabels) return "a file of labels";
  const unsigned type = found >> 8U & 0xFFU;
  if (found >> 16U != 0) return "not an IDX file: the first two bytes are not zero";
  if (type != 0x08) {
    return fmt::format("type code 0x{:02X}, {}; gibbon reads 0x08, unsigned bytes", type,
                       type_name(type));
  }
  return fmt::format("{} dimensions instead of {}", found & 0xFFU, wanted & 0xFFU);
}

/// Checks the magic number and returns the dimensions it announces.
std::vector<std::size_t> parse_header(std::string_view bytes, std::uint32_t wanted,
                                      std::string_view what, const std::filesystem::path& file) {
  const std::size_t count = wanted & 0xFFU;
  const std::size_t header = 4 + 4 * count;
  const std::uint32_t magic = bytes.size() < 4 ? wanted : big_endian(bytes, 0);
  if (magic != wanted) {
    fail_input("{}: magic number 0x{:08X}: {}; expected 0x{:08X}, {}; {}", file.string(), magic,
               magic_mistake(magic, wanted), wanted, what, kRemedy);
  }
  if (bytes.size() < header) {
    fail_input("{}: truncated: {} bytes, but the header of an IDX file of {} has {}; {}",
               file.string(), bytes.size(), what, header, kRemedy);
  }
  std::vector<std::size_t> dimensions;
  for (std::size_t i = 0; i < count; ++i) dimensions.push_back(big_endian(bytes, 4 + 4 * i));
  return dimensions;
}

void require_samples(std::size_t count, std::string_view what, const std::filesystem::path& file) {
  if (count == 0) {
    fail_input("{}: the header announces 0 {}; at least 1 is needed; {}", file.string(), what,
               kRemedy);
  }
}

/// What follows the header, which must have exactly `size` bytes.
Bytes payload(std::string_view bytes, std::size_t header, std::size_t size,
              const std::string& announced, const std::filesystem::path& file) {
  const std::size_t found = bytes.size() - header;
  if (found != size) {
    fail_input("{}: {}: {} bytes after the header, but {} need {}; {}", file.string(),
               found < size ? "truncated" : "oversized", found, announced, size, kRemedy);
  }
  return to_bytes(bytes.substr(header));
}

}  // namespace

IdxImages parse_idx_images(std::string_view bytes, const std::filesystem::path& file) {
  const std::vector<std::size_t> sizes = parse_header(bytes, kImages, "images", file);
  IdxImages images{.count = sizes[0], .height = sizes[1], .width = sizes[2]};
  require_samples(images.count, "images", file);
  for (const std::size_t side : {images.height, images.width}) {
    if (side < 1 || side > kLongestSide) {
      fail_input("{}: images of {} x {} pixels; each side is allowed 1 to {}; {}", file.string(),
                 images.height, images.width, kLongestSide, kRemedy);
    }
  }
  images.pixels = payload(
      bytes, 16, images.count * images.height * images.width,
      fmt::format("{} images of {} x {} pixels", images.count, images.height, images.width), file);
  return images;
}

std::vector<int> parse_idx_labels(std::string_view bytes, std::size_t classes,
                                  const std::filesystem::path& file) {
  const std::size_t count = parse_header(bytes, kLabels, "labels", file)[0];
  require_samples(count, "labels", file);
  const Bytes values = payload(bytes, 8, count, fmt::format("{} labels", count), file);
  for (std::size_t n = 0; n < count; ++n) {
    if (values[n] >= classes) {
      fail_input("{}: label {} of sample {} is outside 0 ... {}; {}", file.string(), values[n], n,
                 classes - 1, kRemedy);
    }
  }
  return {values.begin(), values.end()};
}

}  // namespace gibbon::datasets
