// SPDX-License-Identifier: MIT
// Moons: two interleaved half circles of radius r with normal noise.
//
// Upper     (x, y) = c + (-r/2 + r cos t, -r/4 + r sin t)
// Lower     (x, y) = c + ( r/2 - r cos t,  r/4 - r sin t)
//           t uniform in [0, pi), c = (0.5, 0.5), r = 0.26, noise 0.026 per coordinate
// Source    the shape of scikit-learn's make_moons, scaled into the unit square
#include "datasets/points.hpp"

namespace gibbon::datasets {
namespace {

Point draw(std::size_t label, Rng& rng) {
  constexpr double kRadius = 0.26;
  constexpr double kNoise = 0.026;
  const double t = std::numbers::pi * rng.unit();
  const double side = label == 0 ? 1.0 : -1.0;
  const double x = side * kRadius * (std::cos(t) - 0.5);
  const double y = side * kRadius * (std::sin(t) - 0.25);
  return {0.5 + x + kNoise * rng.normal(), 0.5 + y + kNoise * rng.normal()};
}

}  // namespace

const SourceInfo& moons_info() {
  static constexpr SourceInfo kInfo{
      .name = "moons",
      .summary = "two interleaved half circles, 1000 train and 500 test points in [0, 1]^2",
      .source = "synthetic; the shape of scikit-learn's make_moons",
      .load = [](const Request& request) {
        return make_points("moons", request, {"upper", "lower"}, &draw);
      }};
  return kInfo;
}

}  // namespace gibbon::datasets
