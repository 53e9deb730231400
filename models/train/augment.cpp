// SPDX-License-Identifier: MIT
#include "models/train/augment.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/error.hpp"
#include "base/rng.hpp"

namespace gibbon::models::train {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view part) {
  fail_usage(
      "--augment {}: '{}' is not understood; allowed are shift:<pixels>, flip and cutout:<pixels>, "
      "each at most once, joined by commas; write for example --augment shift:2,flip",
      text, part);
}

}  // namespace

Augmentation parse_augmentation(std::string_view text) {
  Augmentation out;
  const auto pixels = [&](std::string_view part, std::string_view name, std::size_t& value) {
    constexpr std::size_t kMost = 1024;
    if (!part.starts_with(name) || value != 0) return false;
    const std::string_view digits = part.substr(name.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size() && value > 0 &&
           value <= kMost;
  };
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    const bool known = (part == "flip" && !out.flip && (out.flip = true)) ||
                       pixels(part, "shift:", out.shift) || pixels(part, "cutout:", out.cutout);
    if (!known || comma + 1 == rest.size()) refuse(text, part);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

void augment(const Augmentation& how, const datasets::Shape& shape, std::uint64_t seed,
             std::uint64_t epoch, std::uint64_t sample, Row image, MutableRow out) {
  Rng rng(seed, (epoch << 32U) | sample, "augmentation");
  const auto whole = [](std::size_t value) { return static_cast<std::ptrdiff_t>(value); };
  const auto below = [&](std::size_t count) { return whole(rng.below(count)); };
  // All are drawn whether asked for or not: one more does not move the others.
  const std::ptrdiff_t down = below(2 * how.shift + 1) - whole(how.shift);
  const std::ptrdiff_t right = below(2 * how.shift + 1) - whole(how.shift);
  const bool mirrored = below(2) == 1 && how.flip;
  const std::ptrdiff_t top = below(shape.height) - whole(how.cutout / 2);
  const std::ptrdiff_t left = below(shape.width) - whole(how.cutout / 2);
  const auto inside = [](std::ptrdiff_t at, std::ptrdiff_t from, std::size_t size) {
    return at >= from && at < from + static_cast<std::ptrdiff_t>(size);
  };
  for (std::ptrdiff_t y = 0; y < whole(shape.height); ++y) {
    for (std::ptrdiff_t x = 0; x < whole(shape.width); ++x) {
      const std::ptrdiff_t row = y - down;
      const std::ptrdiff_t moved = x - right;
      const std::ptrdiff_t column = mirrored ? whole(shape.width) - 1 - moved : moved;
      const bool filled = !inside(row, 0, shape.height) || !inside(column, 0, shape.width) ||
                          (inside(y, top, how.cutout) && inside(x, left, how.cutout));
      const auto to = out.begin() + (y * whole(shape.width) + x) * whole(shape.channels);
      if (filled) {
        std::fill_n(to, shape.channels, how.fill);
      } else {
        std::copy_n(image.begin() + (row * whole(shape.width) + column) * whole(shape.channels),
                    shape.channels, to);
      }
    }
  }
}

}  // namespace gibbon::models::train
