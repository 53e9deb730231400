// SPDX-License-Identifier: MIT
#include "base/row_math.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/lanes.hpp"
#include "base/simd.hpp"

namespace gibbon {

GIBBON_SIMD double l2_length(Row a) {
  return std::sqrt(sum_in_lanes(a.size(), [=](auto d) { return double{a[d]} * double{a[d]}; }));
}

GIBBON_SIMD double l1_length(Row a) {
  return sum_in_lanes(a.size(), [=](auto d) { return std::abs(double{a[d]}); });
}

GIBBON_SIMD double linf_length(Row a) {
  return double{largest_in_lanes(a.size(), [=](auto d) { return std::abs(a[d]); })};
}

GIBBON_SIMD void clip(Box box, MutableRow candidate) {
  for (float& value : candidate) value = std::min(std::max(value, box.lower), box.upper);
}

GIBBON_SIMD void scale_towards(Row origin, double scale, MutableRow candidate) {
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const double delta = double{candidate[d]} - double{origin[d]};
    candidate[d] = static_cast<float>(double{origin[d]} + scale * delta);
  }
}

void settle(double (*distance)(Row, Row), double epsilon, double rounding, Row origin,
            MutableRow candidate) {
  double spare = 1e-7;
  double moved = distance(origin, candidate);
  while (moved > epsilon * (1.0 + rounding)) {
    scale_towards(origin, std::max(0.0, epsilon / moved * (1.0 - spare)), candidate);
    spare = std::min(1.0, 4.0 * spare);
    moved = distance(origin, candidate);
  }
}

void step_along_largest(Row gradient, double size, MutableRow candidate) {
  const double largest = linf_length(gradient);
  if (largest == 0.0) return;
  const auto ties =
      std::ranges::count_if(gradient, [=](float g) { return std::abs(double{g}) == largest; });
  const double share = size / static_cast<double>(ties);
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    if (std::abs(double{gradient[d]}) != largest) continue;
    const double step = gradient[d] > 0.0F ? share : -share;
    candidate[d] = static_cast<float>(double{candidate[d]} + step);
  }
}

double usual_linf_step(std::size_t features) {
  constexpr std::size_t kMostOfDigits = 1024;
  return features <= kMostOfDigits ? 0.025 : 1.0 / 255.0;
}

double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  constexpr std::array kRound{1.0, 2.0, 2.5, 5.0, 10.0};
  const auto far = [&](double candidate) { return std::abs(std::log(step / power / candidate)); };
  return power * *std::ranges::min_element(kRound, {}, far);
}

}  // namespace gibbon
