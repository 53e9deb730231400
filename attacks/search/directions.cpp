// SPDX-License-Identifier: MIT
#include "attacks/search/directions.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/simd.hpp"

namespace gibbon::attacks::search {
namespace {

/// SplitMix64 as a function of its counter, so that draws do not wait for each other.
[[gnu::always_inline]] inline std::uint64_t draw(std::uint64_t key, std::uint64_t counter) {
  std::uint64_t z = key + (counter + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

/// ln(u) for u in [2^-24, 1]: u = 2^e · m, m in [√½, √2), ln m = 2 artanh((m - 1)/(m + 1)).
[[gnu::always_inline]] inline float log_of(float u) {
  const auto bits = std::bit_cast<std::int32_t>(u);
  const std::int32_t exponent = (bits - 0x3F3504F3) >> 23;
  const auto m = std::bit_cast<float>(bits - exponent * (1 << 23));
  const float s = (m - 1.0F) / (m + 1.0F);
  const float q = s * s;
  const float tail = q * (1.0F / 3.0F + q * (0.2F + q * (1.0F / 7.0F + q * (1.0F / 9.0F))));
  return static_cast<float>(exponent) * 0.69314718F + 2.0F * s * (1.0F + tail);
}

struct Pair {
  float first;
  float second;
};

[[gnu::always_inline]] inline Pair box_muller(std::uint64_t bits) {
  const float u = (static_cast<float>(static_cast<std::int32_t>(bits >> 40U)) + 1.0F) * 0x1p-24F;
  const auto turn = static_cast<float>(static_cast<std::int32_t>(bits & 0xFFFFFFU)) * 0x1p-24F;
  const float radius = std::sqrt(-2.0F * log_of(u));
  // Half the angle is in [-π/2, π/2], where Taylor polynomials do; then sin 2h and cos 2h.
  const float h = (turn - 0.5F) * 3.14159265F;
  const float q = h * h;
  const float sine =
      h * (1.0F +
           q * (-1.0F / 6.0F +
                q * (1.0F / 120.0F +
                     q * (-1.0F / 5040.0F + q * (1.0F / 362880.0F - q * (1.0F / 39916800.0F))))));
  const float cosine =
      1.0F + q * (-0.5F + q * (1.0F / 24.0F +
                               q * (-1.0F / 720.0F +
                                    q * (1.0F / 40320.0F +
                                         q * (-1.0F / 3628800.0F + q * (1.0F / 479001600.0F))))));
  return {radius * (1.0F - 2.0F * sine * sine), radius * (2.0F * sine * cosine)};
}

GIBBON_SIMD void fill_normals(std::uint64_t key, float* __restrict first, float* __restrict second,
                              std::size_t pairs) {
  for (std::size_t i = 0; i < pairs; ++i) {
    const Pair pair = box_muller(draw(key, i));
    first[i] = pair.first;
    second[i] = pair.second;
  }
}

GIBBON_SIMD void fill_even(std::uint64_t key, MutableRow values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto top = static_cast<std::int32_t>(draw(key, i) >> 40U);
    values[i] = static_cast<float>(top - (1 << 23)) * 0x1p-23F;
  }
}

}  // namespace

void draw_normals(Rng& rng, MutableRow values) {
  const std::uint64_t key = rng.bits();
  const std::size_t pairs = values.size() / 2;
  fill_normals(key, values.data(), values.data() + pairs, pairs);
  if (values.size() % 2 != 0) values.back() = box_muller(draw(key, pairs)).first;
}

void draw_even(Rng& rng, MutableRow values) { fill_even(rng.bits(), values); }

}  // namespace gibbon::attacks::search
