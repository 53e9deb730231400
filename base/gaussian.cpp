// SPDX-License-Identifier: MIT
#include "base/gaussian.hpp"

#include <bit>
#include <cmath>

#include "base/simd.hpp"

namespace gibbon {
namespace {

/// SplitMix64's step `counter` from `key`, as in Rng.
[[gnu::always_inline]] inline std::uint64_t hashed(std::uint64_t key, std::uint64_t counter) {
  std::uint64_t z = key + (counter + 1U) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

/// -ln u, 0 < u <= 1: u = 2^e · m, m in [√½, √2); ln m = 2 artanh((m - 1) / (m + 1)) by its series.
[[gnu::always_inline]] inline float minus_log(float u) {
  constexpr std::uint32_t kRootHalf = 0x3F3504F3U;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(u);
  const std::uint32_t shifted = bits - kRootHalf;
  const auto exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
  const float m = std::bit_cast<float>((shifted & 0x007FFFFFU) + kRootHalf);
  const float s = (m - 1.0F) / (m + 1.0F);
  const float q = s * s;
  float p = 2.0F / 9.0F;
  p = p * q + 2.0F / 7.0F;
  p = p * q + 2.0F / 5.0F;
  p = p * q + 2.0F / 3.0F;
  p = p * q + 2.0F;
  return -(exponent * 0.693147181F + s * p);
}

struct Point {
  float cosine;
  float sine;
};

/// Of the angle 2 t, |t| <= π/2: Taylor polynomials at t, then the double angle.
[[gnu::always_inline]] inline Point at_double_angle(float t) {
  const float q = t * t;
  float s = -1.0F / 39916800.0F;
  s = s * q + 1.0F / 362880.0F;
  s = s * q - 1.0F / 5040.0F;
  s = s * q + 1.0F / 120.0F;
  s = s * q - 1.0F / 6.0F;
  s = t + t * q * s;
  float c = 1.0F / 479001600.0F;
  c = c * q - 1.0F / 3628800.0F;
  c = c * q + 1.0F / 40320.0F;
  c = c * q - 1.0F / 720.0F;
  c = c * q + 1.0F / 24.0F;
  c = c * q - 0.5F;
  c = 1.0F + q * c;
  return {1.0F - 2.0F * s * s, 2.0F * s * c};
}

}  // namespace

GIBBON_SIMD void gaussian(std::uint64_t key, std::uint64_t draw, float sigma, MutableRow noise) {
  constexpr float kPi = 3.14159265F;
  const std::size_t sines = noise.size() / 2;
  const std::size_t cosines = noise.size() - sines;
  const std::uint64_t first = draw * cosines;
  float* const low = noise.data();
  float* const high = noise.data() + cosines;
  const auto pair = [=](std::size_t k) __attribute__((always_inline)) {
    const std::uint64_t bits = hashed(key, first + k);
    // Signed: that conversion has an instruction. (top + 2^31 + 1/2) / 2^32 is in (0, 1].
    const auto top = static_cast<std::int32_t>(bits >> 32U);
    const auto bottom = static_cast<std::int32_t>(bits);
    const float u = static_cast<float>(static_cast<double>(top) * 0x1p-32 + (0.5 + 0x1p-33));
    const float t = static_cast<float>(bottom) * (0x1p-32F * kPi);
    const Point point = at_double_angle(t);
    const float radius = sigma * std::sqrt(2.0F * minus_log(u));
    return Point{radius * point.cosine, radius * point.sine};
  };
  for (std::size_t k = 0; k < sines; ++k) {
    const Point both = pair(k);
    low[k] = both.cosine;
    high[k] = both.sine;
  }
  if (cosines > sines) low[sines] = pair(sines).cosine;
}

}  // namespace gibbon
