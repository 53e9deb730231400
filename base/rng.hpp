// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace gibbon {

/// SplitMix64 stream for one (seed, sample id, purpose): no global state, and no dependence on
/// batches or threads. All keys are hashed: with a start of `id · increment` the stream of sample
/// n + 1 would be that of sample n, shifted by one draw.
class Rng {
 public:
  Rng(std::uint64_t seed, std::uint64_t id, std::string_view purpose)
      : state_(mix(mix(mix(seed) ^ id) ^ hash(purpose))) {}

  std::uint64_t bits() {
    state_ += 0x9E3779B97F4A7C15U;
    return mix(state_);
  }

  /// Uniform in [0, 1), 53 random bits.
  double unit() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }

  /// Uniform in [low, high).
  float uniform(float low, float high) {
    return low + (high - low) * (static_cast<float>(bits() >> 40U) * 0x1p-24F);
  }

  /// Uniform in 0 … count - 1. The bias of the product is below count · 2^-64.
  std::uint64_t below(std::uint64_t count) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{bits()} * count) >> 64U);
  }

  /// Standard normal: Box and Muller's cosine branch, two draws each.
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
    return radius * std::cos(2.0 * std::numbers::pi * unit());
  }

  /// Exponential with mean 1.
  double exponential() { return -std::log(1.0 - unit()); }

 private:
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  static constexpr std::uint64_t hash(std::string_view text) {  // FNV-1a
    std::uint64_t h = 0xCBF29CE484222325U;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    return h;
  }

  std::uint64_t state_;
};

/// Fisher and Yates: every order of `items` equally likely.
template <class Container>
void shuffle(Container& items, Rng& rng) {
  for (std::size_t n = items.size(); n > 1; --n) std::swap(items[n - 1], items[rng.below(n)]);
}

}  // namespace gibbon
