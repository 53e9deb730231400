// SPDX-License-Identifier: MIT
#pragma once

#include "base/tensor.hpp"

namespace gibbon::models::kernels {

/// Which matrix products run. GIBBON_KERNELS=reference in the environment picks the plain loops,
/// whose bits are the same on every instruction set; anything else, or nothing, oneDNN for float32
/// and multiply_fused() for double.
[[nodiscard]] bool reference_kernels();

/// c (N × O) = a (N × I) · b (I × O), row-major; c is overwritten and overlaps neither a nor b.
/// Row n of c depends on row n of a and on b alone, bit for bit, whatever N is. Every promise of
/// "same result for any batching and any number of threads" in this project rests on this line.
void multiply(Rows a, Rows b, MutableRows c);
void multiply(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c);

/// c (N × O) = a (N × I) · b^T, b (O × I). Overwrites c. For training, where N is fixed by the
/// batch size: unlike multiply(), float32 bits may depend on N.
void multiply_bt(Rows a, Rows b, MutableRows c);
void multiply_bt(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c);

/// c (N × O) = a (N × I) · b (I × O) for training: no padding, bits may depend on N.
void multiply_any(Rows a, Rows b, MutableRows c);
void multiply_any(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c);

/// c (O × I) = a^T · b, a (N × O), b (N × I): the sum over samples of outer products. Overwrites c.
void multiply_at(Rows a, Rows b, MutableRows c);
void multiply_at(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c);

/// c += a^T · b. Added in an order that depends on N alone.
void add_multiply_at(Rows a, Rows b, MutableRows c);
void add_multiply_at(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c);

/// turned (I × O) = matrix (O × I) transposed, in tiles that stay in the cache.
template <class Float>
void transpose(RowsOf<const Float> matrix, RowsOf<Float> turned) {
  constexpr std::size_t kTile = 16;
  for (std::size_t top = 0; top < matrix.rows; top += kTile) {
    const std::size_t bottom = std::min(top + kTile, matrix.rows);
    for (std::size_t i = 0; i < matrix.cols; ++i) {
      for (std::size_t o = top; o < bottom; ++o) {
        turned.data[i * matrix.rows + o] = matrix.data[o * matrix.cols + i];
      }
    }
  }
}

/// The same products in plain loops: the oracle of the fast ones. Each
/// entry is one sum in rising order of the inner index, so blocking and vector width do not show.
void multiply_plain(Rows a, Rows b, MutableRows c);
void multiply_plain(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c);

/// c (N × O) = a (N × I) · b (I × O) with fused multiply-adds where the machine has them. As
/// multiply(), row n of c depends on row n of a and on b alone.
void multiply_fused(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c);

}  // namespace gibbon::models::kernels
