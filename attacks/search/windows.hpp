// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "attacks/attack.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks::search {

/// Draws the features that one proposal of a random search changes. Pictures (H × W × channels,
/// channels last): a rectangle anywhere in the picture, the last row and column included; its
/// features come in one group per channel. Features without order: a random subset, one group.
class Windows {
 public:
  /// `shape` need not describe `features` of them: then they have no order.
  Windows(const datasets::Shape& shape, std::size_t features, Workspace& work);

  [[nodiscard]] bool picture() const { return picture_; }
  /// Channels of a picture; 1 without.
  [[nodiscard]] std::size_t groups() const { return groups_; }

  /// Sides of the windows to come, a share `p` of the picture: round(√p · H) and round(√p · W);
  /// or round(p · D) features. At least `least` (odd sides then, as far as they fit), at most all.
  enum class Sides { kAny, kOddFromThree };
  void resize(double p, Sides sides);
  /// Pictures only: sides in pixels.
  void resize(std::size_t height, std::size_t width);

  /// One window: the features of group g, which weight() belongs to entry by entry.
  [[nodiscard]] std::span<const std::uint32_t> group(std::size_t g) const {
    return std::span<const std::uint32_t>(inside_).subspan(g * count_, count_);
  }
  /// What the second window of draw_pair() has beyond the first one.
  [[nodiscard]] std::span<const std::uint32_t> others(std::size_t g) const {
    return std::span<const std::uint32_t>(beyond_).subspan(g * others_, others_);
  }
  /// Features per group.
  [[nodiscard]] std::size_t count() const { return count_; }

  void draw(Rng& rng);
  /// Pictures only: the window whose upper left corner is there.
  void place(std::size_t row, std::size_t column);
  /// Without order the second one has nothing beyond the first half of the time, as it happens to
  /// neighbours in a picture.
  void draw_pair(Rng& rng);

  /// A pattern of length 1 over the window, to be called for each use. Pictures: two halves, + and
  /// -, each a pyramid of nested rectangles that weigh 1/(k+1)², k = 0 the inmost; one above the
  /// other or side by side. Without order: a random direction.
  std::span<const float> pattern(Rng& rng);

 private:
  struct Corner {
    std::size_t row;
    std::size_t column;
  };
  Corner draw_corner(Rng& rng) const;
  void list(Corner corner);
  void list_others(Corner first, Corner second);
  void draw_subset(Rng& rng, std::size_t wanted);

  datasets::Shape shape_;
  bool picture_;
  std::size_t groups_;
  std::size_t features_;
  std::size_t height_ = 0;  // of the window
  std::size_t width_ = 0;
  std::size_t count_ = 0;
  std::size_t others_ = 0;
  std::span<std::uint32_t> inside_;
  std::span<std::uint32_t> beyond_;
  std::span<std::uint32_t>
      order_;  // without a picture: all features, in rising order between draws
  std::span<std::uint32_t> swaps_;
  std::array<std::span<float>, 2> patterns_;
};

}  // namespace gibbon::attacks::search
