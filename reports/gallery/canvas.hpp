// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reports/record/record.hpp"

// cairo.h's own names for cairo_t and cairo_surface_t, so that it need not be included here.
struct _cairo;          // NOLINT(bugprone-reserved-identifier, readability-identifier-naming)
struct _cairo_surface;  // NOLINT(bugprone-reserved-identifier, readability-identifier-naming)

namespace gibbon::reports::gallery {

/// Colour of a mark, each channel in [0, 255].
struct Rgb {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  bool operator==(const Rgb&) const = default;
};

inline constexpr Rgb kInk{33, 33, 33};
inline constexpr Rgb kFaint{110, 110, 110};
inline constexpr Rgb kCorrectInk{0, 110, 60};  ///< a prediction that is the true class
inline constexpr Rgb kWrongInk{190, 20, 30};   ///< any other

enum class Weight { kNormal, kBold };
enum class Align { kLeft, kCentre, kRight };

/// Type size in CSS pixels, and weight.
struct Font {
  double size = 13.0;
  Weight weight = Weight::kNormal;
};

/// A white picture in DejaVu Sans. Lengths are in CSS pixels; the PNG has kScale pixels for each,
/// so that text stays sharp on dense screens.
class Canvas {
 public:
  static constexpr double kScale = 2.0;

  /// Throws Error when the size is beyond what a picture can have.
  Canvas(double width, double height);

  /// Text with its baseline at y, aligned at x; never wider than `room`: smaller first, then cut
  /// with "…".
  void text(double x, double y, double room, std::string_view text, Font font, Rgb colour,
            Align align);

  /// Pixels as sharp squares in a box of the given size, with a thin frame.
  void image(double x, double y, double width, double height, const record::Pixels& pixels);

  /// A filled box.
  void box(double x, double y, double width, double height, Rgb colour);

  /// What was drawn, three channels, kScale pixels for each CSS pixel.
  [[nodiscard]] record::Pixels pixels() const;

  /// "png" bytes of what was drawn.
  [[nodiscard]] std::string png() const;

  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double height() const { return height_; }

 private:
  struct Destroy {
    void operator()(_cairo* context) const;
    void operator()(_cairo_surface* surface) const;
  };

  double width_;
  double height_;
  std::unique_ptr<_cairo_surface, Destroy> surface_;
  std::unique_ptr<_cairo, Destroy> context_;
};

/// Width of a text in CSS pixels.
[[nodiscard]] double text_width(std::string_view text, Font font);

/// Text in at most `most` lines no wider than `room` where it can be broken: behind blanks, commas,
/// colons, hyphens and opening brackets. What is left over stays in the last line.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, Font font, double room,
                                            std::size_t most);

}  // namespace gibbon::reports::gallery
