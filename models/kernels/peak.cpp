// SPDX-License-Identifier: MIT
#include "models/kernels/peak.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

#ifdef __x86_64__
#include <immintrin.h>
#endif

// NOLINTBEGIN(modernize-avoid-c-arrays): std::array drops the alignment of vector types
namespace gibbon::models::kernels {
namespace {

// Two units with a latency of four or five cycles need ten sums in flight. All go towards the fixed
// point of s = s · 1/2 + 1/2, so none overflows or becomes subnormal.
constexpr std::size_t kSums = 12;
constexpr std::size_t kRounds = 100'000;

struct Variant {
  const char* name;
  std::size_t lanes;
  void (*run)();  ///< kRounds · kSums multiply-adds of `lanes` numbers
};

#ifdef __x86_64__
// The empty asm makes a value unknown to the compiler: sums cannot be merged or done without.
[[gnu::target("avx512f")]] void run_avx512() {
  __m512 half = _mm512_set1_ps(0.5F);
  __m512 sums[kSums];
  for (__m512& sum : sums) sum = half;
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
  asm volatile("" : "+v"(half));
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, half, half);
  }
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
}

[[gnu::target("avx2,fma")]] void run_avx2() {
  __m256 half = _mm256_set1_ps(0.5F);
  __m256 sums[kSums];
  for (__m256& sum : sums) sum = half;
  for (__m256& sum : sums) asm volatile("" : "+x"(sum));
  asm volatile("" : "+x"(half));
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, half, half);
  }
  for (__m256& sum : sums) asm volatile("" : "+x"(sum));
}
#endif

void run_plain() {
  using Vector [[gnu::vector_size(16)]] = float;
  volatile float unknown = 0.5F;
  const Vector half = Vector{} + unknown;
  Vector sums[kSums];
  for (Vector& sum : sums) sum = Vector{} + unknown;
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (Vector& sum : sums) sum = sum * half + half;
  }
  for (const Vector& sum : sums) unknown = sum[0];
}

const Variant& best_variant() {
#ifdef __x86_64__
  static constexpr Variant kAvx512{"AVX-512 FMA", 16, run_avx512};
  static constexpr Variant kAvx2{"AVX2 FMA", 8, run_avx2};
  if (__builtin_cpu_supports("avx512f") != 0) return kAvx512;
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) return kAvx2;
#endif
  static constexpr Variant kPlain{"128-bit multiply, then add", 4, run_plain};
  return kPlain;
}

}  // namespace

double measure_peak() {
  using Clock = std::chrono::steady_clock;
  const Variant& variant = best_variant();
  const auto flops = static_cast<double>(2 * kRounds * kSums * variant.lanes);
  double best = 0.0;
  // The first 20 ms let the clock of the core rise; the best of the rest counts.
  const Clock::time_point begin = Clock::now();
  while (Clock::now() - begin < std::chrono::milliseconds(60)) {
    const Clock::time_point start = Clock::now();
    variant.run();
    const std::chrono::duration<double> taken = Clock::now() - start;
    if (start - begin > std::chrono::milliseconds(20)) best = std::max(best, flops / taken.count());
  }
  return best;
}

const char* peak_instructions() { return best_variant().name; }

}  // namespace gibbon::models::kernels
// NOLINTEND(modernize-avoid-c-arrays)
