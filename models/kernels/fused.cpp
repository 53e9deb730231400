// SPDX-License-Identifier: MIT
#include "models/kernels/fused.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "models/kernels/gemm.hpp"

// Compiled with -ffp-contract=fast: see fused.hpp.

namespace gibbon::models::kernels {
namespace {

using Vector [[gnu::vector_size(64)]] = double;
constexpr std::size_t kLanes = 8;

/// kRows rows of c from column `first` on, kVectors · 8 columns: the sums stay in registers, and
/// each is one chain in rising order of the inner index, whatever the tile.
template <std::size_t kRows, std::size_t kVectors>
[[gnu::always_inline]] inline void tile(RowsOf<const double> a, RowsOf<const double> b,
                                        RowsOf<double> c, std::size_t n, std::size_t first) {
  Vector sum[kRows][kVectors]{};  // NOLINT(modernize-avoid-c-arrays): std::array drops alignment
  const double* factors = a.data + n * a.cols;
  const double* from = b.data + first;
  for (std::size_t i = 0; i < a.cols; ++i, from += b.cols) {
    Vector part[kVectors];  // NOLINT(modernize-avoid-c-arrays)
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(&part[v], from + v * kLanes, sizeof part[v]);
    }
    for (std::size_t k = 0; k < kRows; ++k) {
      const double factor = factors[k * a.cols + i];
      for (std::size_t v = 0; v < kVectors; ++v) sum[k][v] += factor * part[v];
    }
  }
  for (std::size_t k = 0; k < kRows; ++k) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(c.data + (n + k) * c.cols + first + v * kLanes, &sum[k][v], sizeof sum[k][v]);
    }
  }
}

template <std::size_t kVectors>
[[gnu::always_inline]] inline void columns(RowsOf<const double> a, RowsOf<const double> b,
                                           RowsOf<double> c, std::size_t first) {
  std::size_t n = 0;
  for (; n + 6 <= c.rows; n += 6) tile<6, kVectors>(a, b, c, n, first);
  for (; n + 2 <= c.rows; n += 2) tile<2, kVectors>(a, b, c, n, first);
  if (n < c.rows) tile<1, kVectors>(a, b, c, n, first);
}

/// All columns but the last c.cols mod 8.
GIBBON_FUSED void product(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  std::size_t first = 0;
  for (; first + 4 * kLanes <= c.cols; first += 4 * kLanes) columns<4>(a, b, c, first);
  for (; first + 2 * kLanes <= c.cols; first += 2 * kLanes) columns<2>(a, b, c, first);
  if (first + kLanes <= c.cols) columns<1>(a, b, c, first);
}

/// The last columns, padded with zeros to a vector.
void last_columns(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  const std::size_t count = c.cols % kLanes;
  const std::size_t first = c.cols - count;
  thread_local TensorOf<double> padded;
  thread_local TensorOf<double> sums;
  padded.reshape(b.rows, kLanes);
  sums.reshape(c.rows, kLanes);
  for (std::size_t i = 0; i < b.rows; ++i) {
    const std::span<double> to = padded.row(i);
    std::ranges::fill(to, 0.0);
    std::ranges::copy(b.row(i).subspan(first), to.begin());
  }
  product(a, std::as_const(padded).view(), sums.view());
  for (std::size_t n = 0; n < c.rows; ++n) {
    std::ranges::copy(std::as_const(sums).row(n).first(count), c.row(n).subspan(first).begin());
  }
}

}  // namespace

void multiply_fused(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  if (a.cols != b.rows || b.cols != c.cols || a.rows != c.rows) {
    throw std::logic_error("multiply_fused: shapes do not fit");
  }
  product(a, b, c);
  if (c.cols % kLanes != 0) last_columns(a, b, c);
}

}  // namespace gibbon::models::kernels
