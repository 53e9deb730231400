// SPDX-License-Identifier: MIT
#include "eval/judge/quantise.hpp"

#include <cmath>
#include <vector>

namespace gibbon::eval::judge {
namespace {

constexpr double kLevels = 255.0;
constexpr double kSlack =
    1e-5;  // in levels: a float32 k / 255 is up to 255 · 2^-25 of a level off k

std::uint8_t level(double k) { return static_cast<std::uint8_t>(std::clamp(k, 0.0, kLevels)); }

}  // namespace

void to_8bit(const attacks::ThreatModel& threat, Row origin, Row candidate,
             std::span<std::uint8_t> levels) {
  const bool each_value = info_of(threat.norm).each_value;
  for (std::size_t d = 0; d < origin.size(); ++d) {
    double k = std::round(kLevels * double{candidate[d]});
    if (each_value) {
      const double low = std::ceil(kLevels * (double{origin[d]} - threat.epsilon) - kSlack);
      const double high = std::floor(kLevels * (double{origin[d]} + threat.epsilon) + kSlack);
      // An origin that is no level itself may have none within ε: then the nearest, and the judge
      // says no.
      if (low <= high) k = std::clamp(k, low, high);
    }
    levels[d] = level(k);
  }
  if (each_value) return;
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

void from_8bit(std::span<const std::uint8_t> levels, MutableRow pixels) {
  for (std::size_t d = 0; d < levels.size(); ++d) {
    pixels[d] = static_cast<float>(levels[d]) / 255.0F;
  }
}

}  // namespace gibbon::eval::judge
