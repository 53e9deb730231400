// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.hpp"
#include "datasets/dataset.hpp"
#include "models/network.hpp"

// Small networks whose boundaries are known in closed form, and samples for them: what published
// networks are to those who have them, for everyone. For tests.
namespace gibbon::models::known {

/// Class 0 while s(x) = Σ_j |x_j - 1/2| < radius, class 1 beyond: y_0 = radius - s, y_1 = s -
/// radius. Two more classes are always far behind. 2 D hidden neurons relu(x_j - 1/2), relu(1/2 -
/// x_j).
[[nodiscard]] inline Network diamond(std::size_t dim, double radius) {
  const auto bias = static_cast<float>(radius);
  Network network;
  Dense hidden{.weight = {2 * dim, dim},
               .bias = std::vector<float>(2 * dim),
               .activation = make_activation("relu")};
  std::ranges::fill(hidden.weight.flat(), 0.0F);
  Dense top{.weight = {4, 2 * dim},
            .bias = {bias, -bias, -20.0F, -20.0F},
            .activation = make_activation("identity")};
  std::ranges::fill(top.weight.flat(), 0.0F);
  for (std::size_t j = 0; j < dim; ++j) {
    for (const std::size_t side : {0U, 1U}) {
      const float sign = side == 0 ? 1.0F : -1.0F;
      hidden.weight.row(2 * j + side)[j] = sign;
      hidden.bias[2 * j + side] = -0.5F * sign;
      top.weight.row(0)[2 * j + side] = -1.0F;
      top.weight.row(1)[2 * j + side] = 1.0F;
    }
  }
  network.layers = {std::move(hidden), std::move(top)};
  return network;
}

/// s(x) of the diamond.
[[nodiscard]] inline double spread(Row x) {
  double sum = 0.0;
  for (const float value : x) sum += std::abs(static_cast<double>(value) - 0.5);
  return sum;
}

/// Class 0 while Σ_j σ(4 x_j - 2) < level, σ the sigmoid; class 1 beyond.
[[nodiscard]] inline Network slope(std::size_t dim, double level) {
  const auto bias = static_cast<float>(level);
  Network network;
  Dense hidden{.weight = {dim, dim},
               .bias = std::vector<float>(dim, -2.0F),
               .activation = make_activation("sigmoid")};
  std::ranges::fill(hidden.weight.flat(), 0.0F);
  Dense top{.weight = {2, dim}, .bias = {bias, -bias}, .activation = make_activation("identity")};
  for (std::size_t j = 0; j < dim; ++j) {
    hidden.weight.row(j)[j] = 4.0F;
    top.weight.row(0)[j] = -1.0F;
    top.weight.row(1)[j] = 1.0F;
  }
  network.layers = {std::move(hidden), std::move(top)};
  return network;
}

/// How far all coordinates must rise together until x is of class 1: the linf distance, since
/// nothing makes the sum rise faster. By bisection.
[[nodiscard]] inline double slope_distance(Row x, double level) {
  double low = 0.0;
  double high = 10.0;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    double sum = 0.0;
    for (const float value : x)
      sum += 1.0 / (1.0 + std::exp(2.0 - 4.0 * (static_cast<double>(value) + middle)));
    (sum < level ? low : high) = middle;
  }
  return low;
}

/// Pictures of 4 × 4 values at least `least` and at most `most` away from 1/2, on either side, of
/// `classes` classes and all of class 0.
[[nodiscard]] inline datasets::Dataset pictures(std::size_t count, float least, float most,
                                                std::size_t classes) {
  datasets::Dataset data{.name = "known", .split = "test", .images = {count, 16}};
  Rng rng(1, 0, "known-answers");
  for (float& value : data.images.flat())
    value = 0.5F + rng.uniform(least, most) * (rng.below(2) == 0 ? 1.0F : -1.0F);
  for (std::size_t n = 0; n < count; ++n) data.ids.push_back(n);
  data.labels.assign(count, 0);
  data.shape = {.height = 4, .width = 4, .channels = 1, .image = true};
  for (std::size_t c = 0; c < classes; ++c) data.class_names.push_back(std::to_string(c));
  data.sha256 = "known";
  return data;
}

/// Radius of the diamonds below, with pictures(…, 0.01, 0.16, 4): from deep inside to nearly at the
/// boundary.
inline constexpr double kRadius = 2.0;

}  // namespace gibbon::models::known
