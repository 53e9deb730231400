// SPDX-License-Identifier: MIT
// Blobs: three round normal clouds, with a standard deviation of 0.06, nearly apart.
#include "datasets/points.hpp"

namespace gibbon::datasets {
namespace {

Point draw(std::size_t label, Rng& rng) {
  constexpr double kDeviation = 0.06;
  constexpr std::array<Point, 3> kCentres{{{0.25, 0.30}, {0.75, 0.30}, {0.50, 0.75}}};
  const Point centre = kCentres.at(label);
  const double x = centre[0] + kDeviation * rng.normal();
  const double y = centre[1] + kDeviation * rng.normal();
  return {x, y};
}

}  // namespace

const SourceInfo& blobs_info() {
  static constexpr SourceInfo kInfo{
      .name = "blobs",
      .summary = "three round clouds, 1000 train and 500 test points in [0, 1]^2, 3 classes",
      .source = "made up",
      .load = [](const Request& request) {
        return make_points("blobs", request, {"left", "right", "top"}, &draw);
      }};
  return kInfo;
}

}  // namespace gibbon::datasets
