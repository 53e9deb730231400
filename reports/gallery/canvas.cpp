// SPDX-License-Identifier: MIT
#include "reports/gallery/canvas.hpp"

#include <algorithm>
#include <cairo.h>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

#include "reports/formats/png.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Fontconfig keeps its font list until the process ends.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }
#endif

namespace gibbon::reports::gallery {
namespace {

constexpr double kSmallest = 9.0;         // of a text shrunk to fit
constexpr double kLargestSide = 32767.0;  // of a Cairo image surface

void select(cairo_t* context, Font font) {
  cairo_select_font_face(
      context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
      font.weight == Weight::kBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context, font.size);
}

// Without hinting a text has the same width at every scale, so that what was measured fits.
void set_options(cairo_t* context) {
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

double advance(cairo_t* context, const std::string& text) {
  cairo_text_extents_t extents{};
  cairo_text_extents(context, text.c_str(), &extents);
  return std::max(extents.x_advance, extents.x_bearing + extents.width);
}

std::string without_last_letter(std::string text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U)
    text.pop_back();
  if (!text.empty()) text.pop_back();
  return text;
}

std::string cut(cairo_t* context, std::string text, double room) {
  if (advance(context, text) <= room) return text;
  while (!text.empty() && advance(context, text + "…") > room) text = without_last_letter(text);
  return text + "…";
}

void set_colour(cairo_t* context, Rgb colour) {
  cairo_set_source_rgb(context, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0);
}

// Cairo's RGB24: one native 32-bit word 0x00RRGGBB per pixel.
void copy_pixels(const record::Pixels& pixels, cairo_surface_t* surface) {
  unsigned char* data = cairo_image_surface_get_data(surface);
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface));
  const std::uint32_t step = pixels.channels == 3 ? 1 : 0;
  cairo_surface_flush(surface);
  for (std::size_t row = 0; row < pixels.height; ++row)
    for (std::size_t column = 0; column < pixels.width; ++column) {
      const std::uint8_t* value = &pixels.values[(row * pixels.width + column) * pixels.channels];
      const std::uint32_t word = (std::uint32_t{value[0]} << 16U) |
                                 (std::uint32_t{value[step]} << 8U) | value[std::size_t{2} * step];
      std::memcpy(data + row * stride + column * 4, &word, sizeof(word));
    }
  cairo_surface_mark_dirty(surface);
}

cairo_surface_t* make_surface(double width, double height) {
  if (!(width >= 1.0 && height >= 1.0 && width <= kLargestSide && height <= kLargestSide))
    throw record::Error(
        fmt::format("picture: {:.0f} × {:.0f} pixels are outside [1, {:.0f}]; "
                    "choose fewer samples or budgets for the gallery",
                    width, height, kLargestSide));
  return cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width),
                                    static_cast<int>(height));
}

void require(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw record::Error(
      fmt::format("picture: Cairo reports \"{}\"; memory may be short; draw fewer samples",
                  cairo_status_to_string(status)));
}

}  // namespace

void Canvas::Destroy::operator()(cairo_t* context) const { cairo_destroy(context); }
void Canvas::Destroy::operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }

Canvas::Canvas(double width, double height)
    : width_(std::ceil(width)),
      height_(std::ceil(height)),
      surface_(make_surface(kScale * width_, kScale * height_)),
      context_(cairo_create(surface_.get())) {
  cairo_t* context = context_.get();
  cairo_scale(context, kScale, kScale);
  set_options(context);
  cairo_set_source_rgb(context, 1.0, 1.0, 1.0);
  cairo_paint(context);
}

void Canvas::text(double x, double y, double room, std::string_view text, Font font, Rgb colour,
                  Align align) {
  cairo_t* context = context_.get();
  std::string line = printable(text);
  select(context, font);
  const double width = advance(context, line);
  if (width > room) {
    font.size = std::max(std::min(kSmallest, font.size), font.size * room / width);
    select(context, font);
    line = cut(context, line, room);
  }
  const double shown = advance(context, line);
  const double shift = align == Align::kLeft ? 0.0 : align == Align::kCentre ? shown / 2.0 : shown;
  set_colour(context, colour);
  cairo_move_to(context, x - shift, y);
  cairo_show_text(context, line.c_str());
}

void Canvas::image(double x, double y, double width, double height, const record::Pixels& pixels) {
  cairo_t* context = context_.get();
  const std::unique_ptr<cairo_surface_t, Destroy> source(
      make_surface(static_cast<double>(pixels.width), static_cast<double>(pixels.height)));
  copy_pixels(pixels, source.get());
  cairo_save(context);
  cairo_translate(context, x, y);
  cairo_scale(context, width / pixels.width, height / pixels.height);
  cairo_set_source_surface(context, source.get(), 0.0, 0.0);
  // Squares where the picture grows; where it shrinks, every pixel has its share.
  cairo_pattern_set_filter(cairo_get_source(context), kScale * width < pixels.width
                                                          ? CAIRO_FILTER_GOOD
                                                          : CAIRO_FILTER_NEAREST);
  cairo_rectangle(context, 0.0, 0.0, pixels.width, pixels.height);
  cairo_fill(context);
  cairo_restore(context);
  cairo_set_source_rgb(context, 0.75, 0.75, 0.75);
  cairo_set_line_width(context, 1.0);
  cairo_rectangle(context, x - 0.5, y - 0.5, width + 1.0, height + 1.0);
  cairo_stroke(context);
}

void Canvas::box(double x, double y, double width, double height, Rgb colour) {
  set_colour(context_.get(), colour);
  cairo_rectangle(context_.get(), x, y, width, height);
  cairo_fill(context_.get());
}

record::Pixels Canvas::pixels() const {
  cairo_surface_flush(surface_.get());
  const unsigned char* data = cairo_image_surface_get_data(surface_.get());
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface_.get()));
  record::Pixels pixels{
      .height = static_cast<std::uint32_t>(cairo_image_surface_get_height(surface_.get())),
      .width = static_cast<std::uint32_t>(cairo_image_surface_get_width(surface_.get())),
      .channels = 3,
      .values = {}};
  pixels.values.resize(std::size_t{3} * pixels.height * pixels.width);
  std::uint8_t* out = pixels.values.data();
  for (std::size_t row = 0; row < pixels.height; ++row)
    for (std::size_t column = 0; column < pixels.width; ++column, out += 3) {
      std::uint32_t word = 0;
      std::memcpy(&word, data + row * stride + column * 4, sizeof(word));
      out[0] = static_cast<std::uint8_t>(word >> 16U);
      out[1] = static_cast<std::uint8_t>(word >> 8U);
      out[2] = static_cast<std::uint8_t>(word);
    }
  return pixels;
}

std::string Canvas::png() const {
  require(cairo_status(context_.get()));
  return formats::to_png(pixels());
}

double text_width(std::string_view text, Font font) {
  const std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface(
      make_surface(1.0, 1.0), cairo_surface_destroy);
  const std::unique_ptr<cairo_t, decltype(&cairo_destroy)> context(cairo_create(surface.get()),
                                                                   cairo_destroy);
  set_options(context.get());
  select(context.get(), font);
  return advance(context.get(), printable(text));
}

std::vector<std::string> wrap(std::string_view text, Font font, double room, std::size_t most) {
  std::vector<std::string> lines{""};
  std::string part;
  const auto put = [&] {
    if (!lines.back().empty() && lines.size() < most &&
        text_width(lines.back() + part, font) > room) {
      if (lines.back().ends_with(' ')) lines.back().pop_back();
      lines.emplace_back();
      part.erase(0, part.find_first_not_of(' '));
    }
    lines.back() += part;
    part.clear();
  };
  const std::string whole = printable(text);
  for (const char c : whole) {
    part += c;
    if (std::string_view(" ,:-(").find(c) != std::string_view::npos) put();
  }
  put();
  return lines;
}

}  // namespace gibbon::reports::gallery
