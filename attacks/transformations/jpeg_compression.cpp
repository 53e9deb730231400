// SPDX-License-Identifier: MIT
// JPEG compression: what quantisation of the cosine transform loses.
//
// Method    rounded to 8 bits; YCbCr where there is colour; per block of 8 × 8 pixels the DCT-II,
//           divided by the tables of ITU-T T.81 (1992), annex K, at quality q, rounded, and back;
//           rounded to 8 bits. The entropy coding loses nothing and is left out
// Severity  q = 25, 18, 15, 10, 7, scaled as libjpeg does
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261, with its q
// Differs   colour is not subsampled; blocks across the border repeat the last row and column

#include <cmath>
#include <numbers>

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::array<int, kSeverities> kQuality{25, 18, 15, 10, 7};
constexpr std::size_t kSize = 8;
using Block = std::array<double, kSize * kSize>;

constexpr std::array<int, kSize * kSize> kLuminance{
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,   //
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,   //
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,   //
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};  //
constexpr std::array<int, kSize * kSize> kChrominance{
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,   //
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,   //
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,   //
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};  //

/// As libjpeg: 50 is the table itself, below that it grows with 50 / q.
int step_of(int entry, int quality) {
  return std::clamp((entry * (5000 / quality) + 50) / 100, 1, 255);
}

/// basis[u · 8 + i] = c(u) cos((2 i + 1) u π / 16): orthonormal rows.
Block make_basis() {
  Block basis;
  for (std::size_t u = 0; u < kSize; ++u) {
    for (std::size_t i = 0; i < kSize; ++i) {
      basis[u * kSize + i] =
          (u == 0 ? std::sqrt(0.125) : 0.5) *
          std::cos(static_cast<double>((2 * i + 1) * u) * std::numbers::pi / 16.0);
    }
  }
  return basis;
}

enum class Direction { kForward, kBack };

/// B · block · Bᵀ, or Bᵀ · block · B.
Block transformed(const Block& basis, const Block& block, Direction direction) {
  const auto b = [&](std::size_t row, std::size_t column) {
    return direction == Direction::kForward ? basis[row * kSize + column]
                                            : basis[column * kSize + row];
  };
  Block half{};
  Block out{};
  for (std::size_t u = 0; u < kSize; ++u) {
    for (std::size_t j = 0; j < kSize; ++j) {
      for (std::size_t i = 0; i < kSize; ++i) half[u * kSize + j] += b(u, i) * block[i * kSize + j];
    }
  }
  for (std::size_t u = 0; u < kSize; ++u) {
    for (std::size_t v = 0; v < kSize; ++v) {
      for (std::size_t j = 0; j < kSize; ++j) out[u * kSize + v] += b(v, j) * half[u * kSize + j];
    }
  }
  return out;
}

double to_byte(double value) { return std::clamp(std::round(value), 0.0, 255.0); }

/// One channel of levels 0 … 255 through the codec.
void compress(Image& levels, std::size_t k, std::span<const int> table, int quality) {
  static const Block basis = make_basis();
  for (std::size_t top = 0; top < levels.height; top += kSize) {
    for (std::size_t left = 0; left < levels.width; left += kSize) {
      Block block;
      for (std::size_t i = 0; i < block.size(); ++i) {
        block[i] = levels.at(std::min(top + i / kSize, levels.height - 1),
                             std::min(left + i % kSize, levels.width - 1), k) -
                   128.0;
      }
      block = transformed(basis, block, Direction::kForward);
      for (std::size_t i = 0; i < block.size(); ++i) {
        const double step = step_of(table[i], quality);
        block[i] = step * std::round(block[i] / step);
      }
      block = transformed(basis, block, Direction::kBack);
      for (std::size_t i = 0; i < block.size(); ++i) {
        const std::size_t r = top + i / kSize;
        const std::size_t c = left + i % kSize;
        if (r < levels.height && c < levels.width) levels.at(r, c, k) = to_byte(block[i] + 128.0);
      }
    }
  }
}

/// ITU-T T.871 (JFIF), rounded as decoders do.
void to_ycbcr(std::span<double> pixel) {
  const double y = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
  const double cb = (pixel[2] - y) / 1.772 + 128.0;
  const double cr = (pixel[0] - y) / 1.402 + 128.0;
  pixel[0] = to_byte(y);
  pixel[1] = to_byte(cb);
  pixel[2] = to_byte(cr);
}

void to_rgb(std::span<double> pixel) {
  const double y = pixel[0];
  const double cb = pixel[1] - 128.0;
  const double cr = pixel[2] - 128.0;
  pixel[0] = to_byte(y + 1.402 * cr);
  pixel[1] = to_byte(y - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587);
  pixel[2] = to_byte(y + 1.772 * cb);
}

void apply(Image& image, std::size_t severity, Rng& /*rng*/) {
  const bool colour = image.channels == 3;
  for (double& value : image.values) value = to_byte(255.0 * value);
  const auto every_pixel = [&](void (*convert)(std::span<double>)) {
    for (std::size_t at = 0; colour && at < image.values.size(); at += 3) {
      convert(std::span(&image.values[at], 3));
    }
  };
  every_pixel(to_ycbcr);
  for (std::size_t k = 0; k < image.channels; ++k) {
    compress(image, k, k == 0 ? kLuminance : kChrominance, kQuality[severity - 1]);
  }
  every_pixel(to_rgb);
  for (double& value : image.values) value /= 255.0;
}

}  // namespace

const CorruptionInfo& jpeg_compression_info() {
  static const CorruptionInfo info{
      .name = "jpeg-compression",
      .group = "digital",
      .summary = "What JPEG loses at low quality.",
      .parameters = "quality 25, 18, 15, 10, 7",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261; ITU-T T.81",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
