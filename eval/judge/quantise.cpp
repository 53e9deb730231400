// SPDX-License-Identifier: MIT
#include "eval/judge/quantise.hpp"

#include <cmath>
#include <vector>

#include "base/simd.hpp"

namespace gibbon::eval::judge {
namespace {

constexpr double kLevels = 255.0;
constexpr double kSlack =
    1e-5;  // in levels: a float32 k / 255 is up to 255 · 2^-25 of a level off k

std::uint8_t level(double k) { return static_cast<std::uint8_t>(std::clamp(k, 0.0, kLevels)); }

/// The nearest level within ε of the origin. An origin that is no level itself may have none: then
/// the nearest of all, and the judge says no.
GIBBON_SIMD void nearest_levels_within(double epsilon, Row origin, Row candidate,
                                       std::span<std::uint8_t> levels) {
  for (std::size_t d = 0; d < origin.size(); ++d) {
    // 255 · x + 1/2 is exact in double, so this is std::round() of numbers that are not negative.
    const double nearest = std::floor(kLevels * double{candidate[d]} + 0.5);
    const double low = std::ceil(kLevels * (double{origin[d]} - epsilon) - kSlack);
    const double high = std::floor(kLevels * (double{origin[d]} + epsilon) + kSlack);
    const double bounded = std::min(std::max(nearest, low), high);
    levels[d] = level(low <= high ? bounded : nearest);
  }
}

GIBBON_SIMD void nearest_levels(Row candidate, std::span<std::uint8_t> levels) {
  for (std::size_t d = 0; d < levels.size(); ++d) {
    levels[d] = level(std::floor(kLevels * double{candidate[d]} + 0.5));
  }
}

}  // namespace

void to_8bit(const attacks::ThreatModel& threat, Row origin, Row candidate,
             std::span<std::uint8_t> levels) {
  if (info_of(threat.norm).each_value) {
    return nearest_levels_within(threat.epsilon, origin, candidate, levels);
  }
  nearest_levels(candidate, levels);
  thread_local std::vector<float> pixels;
  pixels.resize(origin.size());
  from_8bit(levels, pixels);
  if (attacks::distance(threat.norm, origin, pixels) <= threat.reach()) return;
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const double exact = kLevels * double{candidate[d]};
    levels[d] =
        level(candidate[d] > origin[d] ? std::floor(exact + kSlack) : std::ceil(exact - kSlack));
  }
}

GIBBON_SIMD void from_8bit(std::span<const std::uint8_t> levels, MutableRow pixels) {
  for (std::size_t d = 0; d < levels.size(); ++d) {
    pixels[d] = static_cast<float>(levels[d]) / 255.0F;
  }
}

}  // namespace gibbon::eval::judge
