// SPDX-License-Identifier: MIT
// Pixelate: too few pixels.
//
// Method    the picture at c times its size, each pixel the mean of the area it covers, and back in
//           the same way
// Severity  c = 0.7, 0.6, 0.45, 0.35, 0.25, at least one pixel
// Source    ImageNet-C, Hendrycks & Dietterich 2019, arXiv:1903.12261
// Differs   no c = 0.5, at which blocks of whole pixels keep more of a small picture than c = 0.6

#include "attacks/corruption.hpp"

namespace gibbon::attacks {
namespace {

constexpr PerSeverity kShare{0.7, 0.6, 0.45, 0.35, 0.25};

/// weights[i · from + j]: the share of input pixel j in the mean that output pixel i is.
std::vector<double> area_weights(std::size_t from, std::size_t to) {
  std::vector<double> weights(to * from);
  const double length = static_cast<double>(from) / static_cast<double>(to);
  for (std::size_t i = 0; i < to; ++i) {
    const double begin = length * static_cast<double>(i);
    for (std::size_t j = 0; j < from; ++j) {
      const auto left = static_cast<double>(j);
      const double shared = std::min(begin + length, left + 1.0) - std::max(begin, left);
      weights[i * from + j] = std::max(0.0, shared) / length;
    }
  }
  return weights;
}

Image resized(const Image& image, std::size_t height, std::size_t width) {
  const std::vector<double> down = area_weights(image.height, height);
  const std::vector<double> across = area_weights(image.width, width);
  Image rows(height, image.width, image.channels);
  for (std::size_t i = 0; i < height; ++i) {
    for (std::size_t r = 0; r < image.height; ++r) {
      const double weight = down[i * image.height + r];
      if (weight == 0.0) continue;
      for (std::size_t c = 0; c < image.width; ++c) {
        for (std::size_t k = 0; k < image.channels; ++k) {
          rows.at(i, c, k) += weight * image.at(r, c, k);
        }
      }
    }
  }
  Image out(height, width, image.channels);
  for (std::size_t j = 0; j < width; ++j) {
    for (std::size_t c = 0; c < image.width; ++c) {
      const double weight = across[j * image.width + c];
      if (weight == 0.0) continue;
      for (std::size_t i = 0; i < height; ++i) {
        for (std::size_t k = 0; k < image.channels; ++k) {
          out.at(i, j, k) += weight * rows.at(i, c, k);
        }
      }
    }
  }
  return out;
}

void apply(Image& image, std::size_t severity, Rng& /*rng*/) {
  const auto fewer = [&](std::size_t size) {
    return std::max(std::size_t{1},
                    static_cast<std::size_t>(static_cast<double>(size) * kShare[severity - 1]));
  };
  image =
      resized(resized(image, fewer(image.height), fewer(image.width)), image.height, image.width);
}

}  // namespace

const CorruptionInfo& pixelate_info() {
  static const CorruptionInfo info{
      .name = "pixelate",
      .group = "digital",
      .summary = "Fewer, larger pixels.",
      .parameters = "0.7, 0.6, 0.45, 0.35, 0.25 of the pixels in each direction",
      .source = "Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .apply = apply,
  };
  return info;
}

}  // namespace gibbon::attacks
