// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reports/gallery/picture.hpp"

// The slide on which the course ends: x + ε × sign(∇ₓJ) = x + ε · sign(∇ₓJ), pixel for pixel.
namespace gibbon::reports::gallery {

/// Whether a picture is large enough for a slide of its own: 64 × 64 pixels or more.
[[nodiscard]] bool is_photograph(std::size_t height, std::size_t width);

/// A perturbation as a picture: mid-grey for 0, black for -scale and white for +scale in each
/// channel, linear between, clamped beyond.
[[nodiscard]] std::vector<std::uint8_t> noise_levels(std::span<const float> perturbation,
                                                     double scale);

/// A picture of the slide with what stands below it: a formula, what the model says, how surely.
struct SlidePart {
  const record::Pixels* pixels = nullptr;
  std::string formula;
  std::string name;
  std::string confidence;
  Rgb colour = kInk;
};

/// One row: x (left out without pixels, but for the first row), + factor ×, noise, =, x'. `note`
/// stands below in small type.
struct SlideRow {
  SlidePart clean;
  std::string factor;
  SlidePart noise;
  SlidePart adversarial;
  std::string note;
};

/// Rows below each other. Every pixel of a picture is a square of the same whole number of pixels
/// of the PNG. All rows have the same image size.
[[nodiscard]] Canvas draw_slide(std::span<const SlideRow> rows);

}  // namespace gibbon::reports::gallery
