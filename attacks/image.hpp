// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

// Pictures as transformations of them see them.
namespace gibbon::attacks {

/// H × W × C numbers, row-major, channels last, 0 for black and 1 for white.
struct Image {
  Image(std::size_t rows, std::size_t columns, std::size_t depth)
      : height(rows), width(columns), channels(depth), values(rows * columns * depth) {}

  std::size_t height;
  std::size_t width;
  std::size_t channels;
  std::vector<double> values;

  [[nodiscard]] double& at(std::size_t r, std::size_t c, std::size_t k) {
    return values[(r * width + c) * channels + k];
  }
  [[nodiscard]] double at(std::size_t r, std::size_t c, std::size_t k) const {
    return values[(r * width + c) * channels + k];
  }

  /// The shorter side, in pixels: what lengths are measured in.
  [[nodiscard]] double side() const { return static_cast<double>(std::min(height, width)); }
};

/// Channel k at row r and column c, between pixels by bilinear interpolation; beyond the border as
/// at the border.
[[nodiscard]] double sample(const Image& image, double r, double c, std::size_t k);

/// Gaussian blur, sigma in pixels, cut at 4 sigma; beyond the border as at the border.
[[nodiscard]] Image gaussian_blur(const Image& image, double sigma);

/// Light and dark by ITU-R BT.601, H × W × 1: the picture itself where it is grey.
[[nodiscard]] Image to_grey(const Image& image);

/// Every pixel the mean over a one-sided Gaussian of `sigma` that ends after `length` pixels, in
/// the direction `degrees`, counter-clockwise from the right; beyond the border as at the border.
[[nodiscard]] Image motion_blur(const Image& image, double length, double sigma, double degrees);

}  // namespace gibbon::attacks
