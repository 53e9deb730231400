// SPDX-License-Identifier: MIT
// Circles: one circle inside another, with normal noise.
//
// Point     (0.5, 0.5) + r (cos t, sin t), t uniform in [0, 2 pi); r = 0.4 outside, 0.2 inside;
//           noise 0.025 per coordinate
// Source    the shape of scikit-learn's make_circles, scaled into the unit square
#include "datasets/points.hpp"

namespace gibbon::datasets {
namespace {

Point draw(std::size_t label, Rng& rng) {
  constexpr double kNoise = 0.025;
  const double radius = label == 0 ? 0.4 : 0.2;
  const double t = 2.0 * std::numbers::pi * rng.unit();
  const double x = 0.5 + radius * std::cos(t);
  const double y = 0.5 + radius * std::sin(t);
  return {x + kNoise * rng.normal(), y + kNoise * rng.normal()};
}

}  // namespace

const SourceInfo& circles_info() {
  static constexpr SourceInfo kInfo{
      .name = "circles",
      .summary = "a circle inside another, 1000 train and 500 test points in [0, 1]^2",
      .source = "synthetic; the shape of scikit-learn's make_circles",
      .load = [](const Request& request) {
        return make_points("circles", request, {"outer", "inner"}, &draw);
      }};
  return kInfo;
}

}  // namespace gibbon::datasets
