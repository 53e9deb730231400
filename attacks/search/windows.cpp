// SPDX-License-Identifier: MIT
#include "attacks/search/windows.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gibbon::attacks::search {
namespace {

std::size_t rounded(double value, std::size_t most) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(value)), 1, most);
}

std::size_t odd_from_three(std::size_t side, std::size_t most) {
  side = std::max<std::size_t>(side, 3);
  if (side % 2 == 0) ++side;
  if (side <= most) return side;
  return most % 2 == 1 || most < 3 ? most : most - 1;
}

/// Nested rectangles around the middle of rows × columns numbers that `at(i, j)` refers to: ring r
/// lies in those from r on, K in all. Length 1, times `sign`.
template <class At>
void pyramid(std::size_t rows, std::size_t columns, float sign, const At& at) {
  const auto off = [](std::size_t k, std::size_t middle) {
    return k > middle ? k - middle : middle - k;
  };
  const std::size_t rings = std::max(rows / 2, columns / 2) + 1;
  double squares = 0.0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      double sum = 0.0;
      for (std::size_t k = std::max(off(i, rows / 2), off(j, columns / 2)); k < rings; ++k) {
        const auto depth = static_cast<double>(k + 1);
        sum += 1.0 / (depth * depth);
      }
      at(i, j) = static_cast<float>(sum);
      squares += sum * sum;
    }
  }
  const float scale = sign / static_cast<float>(std::sqrt(squares));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) at(i, j) *= scale;
  }
}

void normalise(std::span<float> pattern) {
  double squares = 0.0;
  for (const float value : pattern) squares += double{value} * double{value};
  const auto scale = static_cast<float>(1.0 / std::sqrt(squares));
  for (float& value : pattern) value *= scale;
}

}  // namespace

Windows::Windows(const datasets::Shape& shape, std::size_t features, Workspace& work)
    : shape_(shape),
      picture_(shape.image && shape.size() == features),
      groups_(picture_ ? shape.channels : 1),
      features_(features),
      inside_(work.take<std::uint32_t>(features)),
      beyond_(work.take<std::uint32_t>(features)),
      order_(work.take<std::uint32_t>(picture_ ? 0 : features)),
      swaps_(work.take<std::uint32_t>(picture_ ? 0 : features)),
      patterns_{work.take<float>(features), work.take<float>(features)} {
  std::iota(order_.begin(), order_.end(), 0U);
}

void Windows::resize(double p, Sides sides) {
  if (picture_) {
    std::size_t height = rounded(std::sqrt(p) * static_cast<double>(shape_.height), shape_.height);
    std::size_t width = rounded(std::sqrt(p) * static_cast<double>(shape_.width), shape_.width);
    if (sides == Sides::kOddFromThree) {
      height = odd_from_three(height, shape_.height);
      width = odd_from_three(width, shape_.width);
    }
    return resize(height, width);
  }
  count_ = rounded(p * static_cast<double>(features_), features_);
  if (sides == Sides::kOddFromThree) {
    count_ = std::max(count_, std::min<std::size_t>(3, features_));
  }
}

void Windows::resize(std::size_t height, std::size_t width) {
  if (height == height_ && width == width_) return;
  height_ = height;
  width_ = width;
  count_ = height * width;
  const std::span<float> stacked = patterns_[0];
  const auto above = [=](std::size_t i, std::size_t j) -> float& { return stacked[i * width + j]; };
  const auto below = [=](std::size_t i, std::size_t j) -> float& {
    return stacked[(height / 2 + i) * width + j];
  };
  pyramid(height / 2, width, 1.0F, above);
  pyramid(height - height / 2, width, -1.0F, below);
  const std::span<float> abreast = patterns_[1];
  const auto left = [=](std::size_t j, std::size_t i) -> float& { return abreast[i * width + j]; };
  const auto right = [=](std::size_t j, std::size_t i) -> float& {
    return abreast[i * width + width / 2 + j];
  };
  pyramid(width / 2, height, 1.0F, left);
  pyramid(width - width / 2, height, -1.0F, right);
  for (const std::span<float> pattern : patterns_) normalise(pattern.first(count_));
}

Windows::Corner Windows::draw_corner(Rng& rng) const {
  const std::size_t row = rng.below(shape_.height - height_ + 1);
  return {row, rng.below(shape_.width - width_ + 1)};
}

void Windows::list(Corner corner) {
  std::size_t k = 0;
  for (std::size_t g = 0; g < groups_; ++g) {
    for (std::size_t i = 0; i < height_; ++i) {
      std::size_t feature = ((corner.row + i) * shape_.width + corner.column) * groups_ + g;
      for (std::size_t j = 0; j < width_; ++j, feature += groups_) {
        inside_[k++] = static_cast<std::uint32_t>(feature);
      }
    }
  }
}

void Windows::list_others(Corner first, Corner second) {
  std::size_t k = 0;
  for (std::size_t g = 0; g < groups_; ++g) {
    for (std::size_t row = second.row; row < second.row + height_; ++row) {
      const bool same_rows = row - first.row < height_;  // wraps around below first.row
      for (std::size_t column = second.column; column < second.column + width_; ++column) {
        if (same_rows && column - first.column < width_) continue;
        beyond_[k++] = static_cast<std::uint32_t>((row * shape_.width + column) * groups_ + g);
      }
    }
  }
  others_ = k / groups_;
}

/// Fisher and Yates's first `wanted` draws; the order is restored, so that no draw depends on
/// those before it.
void Windows::draw_subset(Rng& rng, std::size_t wanted) {
  for (std::size_t k = 0; k < wanted; ++k) {
    swaps_[k] = static_cast<std::uint32_t>(k + rng.below(features_ - k));
    std::swap(order_[k], order_[swaps_[k]]);
  }
  const std::size_t own = std::min(wanted, count_);
  std::copy_n(order_.begin(), own, inside_.begin());
  others_ = wanted - own;
  std::copy_n(order_.begin() + static_cast<std::ptrdiff_t>(own), others_, beyond_.begin());
  for (std::size_t k = wanted; k-- > 0;) std::swap(order_[k], order_[swaps_[k]]);
}

void Windows::draw(Rng& rng) {
  if (picture_) {
    list(draw_corner(rng));
  } else {
    draw_subset(rng, count_);
  }
}

void Windows::place(std::size_t row, std::size_t column) { list({row, column}); }

void Windows::draw_pair(Rng& rng) {
  if (!picture_) {
    const std::size_t second = rng.below(2) * count_;
    return draw_subset(rng, std::min(count_ + second, features_));
  }
  const Corner first = draw_corner(rng);
  list(first);
  list_others(first, draw_corner(rng));
}

std::span<const float> Windows::pattern(Rng& rng) {
  const std::span<float> chosen = patterns_[picture_ ? rng.below(2) : 0].first(count_);
  if (picture_) return chosen;
  for (float& value : chosen) value = static_cast<float>(rng.normal());
  normalise(chosen);
  return chosen;
}

}  // namespace gibbon::attacks::search
