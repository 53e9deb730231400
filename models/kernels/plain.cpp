// SPDX-License-Identifier: MIT
#include <cstring>

#include "base/simd.hpp"
#include "models/kernels/gemm.hpp"

namespace gibbon::models::kernels {
namespace {

/// 64 bytes of numbers: one AVX-512 register, two AVX, four SSE. Lanes never mix, so all agree.
template <class Float>
struct Wide {
  using Vector [[gnu::vector_size(64)]] = Float;
  static constexpr std::size_t kLanes = 64 / sizeof(Float);
};

/// kCount rows of c from column `first` on, 2 · kLanes columns: the sums stay in registers.
template <class Float, std::size_t kCount>
[[gnu::always_inline]] inline void tile(RowsOf<const Float> a, RowsOf<const Float> b,
                                        RowsOf<Float> c, std::size_t n, std::size_t first) {
  using Vector = typename Wide<Float>::Vector;
  constexpr std::size_t kLanes = Wide<Float>::kLanes;
  Vector left[kCount]{};  // NOLINT(modernize-avoid-c-arrays): std::array of vectors drops alignment
  Vector right[kCount]{};  // NOLINT(modernize-avoid-c-arrays)
  for (std::size_t i = 0; i < a.cols; ++i) {
    Vector l;
    Vector r;
    std::memcpy(&l, b.data + i * b.cols + first, sizeof l);
    std::memcpy(&r, b.data + i * b.cols + first + kLanes, sizeof r);
    for (std::size_t k = 0; k < kCount; ++k) {
      const Float factor = a.data[(n + k) * a.cols + i];
      left[k] += factor * l;
      right[k] += factor * r;
    }
  }
  for (std::size_t k = 0; k < kCount; ++k) {
    std::memcpy(c.data + (n + k) * c.cols + first, &left[k], sizeof left[k]);
    std::memcpy(c.data + (n + k) * c.cols + first + kLanes, &right[k], sizeof right[k]);
  }
}

template <class Float>
[[gnu::always_inline]] inline void product(RowsOf<const Float> a, RowsOf<const Float> b,
                                           RowsOf<Float> c) {
  constexpr std::size_t kWidth = 2 * Wide<Float>::kLanes;
  const std::size_t whole = c.cols - c.cols % kWidth;
  for (std::size_t first = 0; first < whole; first += kWidth) {
    std::size_t n = 0;
    for (; n + 4 <= c.rows; n += 4) tile<Float, 4>(a, b, c, n, first);
    for (; n < c.rows; ++n) tile<Float, 1>(a, b, c, n, first);
  }
  if (whole == c.cols) return;
  for (std::size_t n = 0; n < c.rows; ++n) {
    Float* out = c.data + n * c.cols;
    for (std::size_t o = whole; o < c.cols; ++o) out[o] = 0;
    for (std::size_t i = 0; i < a.cols; ++i) {
      const Float factor = a.data[n * a.cols + i];
      for (std::size_t o = whole; o < c.cols; ++o) out[o] += factor * b.data[i * b.cols + o];
    }
  }
}

}  // namespace

GIBBON_SIMD void multiply_plain(Rows a, Rows b, MutableRows c) { product<float>(a, b, c); }

GIBBON_SIMD void multiply_plain(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  product<double>(a, b, c);
}

}  // namespace gibbon::models::kernels
