// SPDX-License-Identifier: MIT
#include "models/kernels/gemm.hpp"

#include <cstdlib>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <string_view>
#include <utility>

#include "base/simd.hpp"

namespace gibbon::models::kernels {
namespace {

/// c = op(a) · op(b) + kept · c; 'T' transposes. The rows and columns are those of c.
void sgemm(char op_a, char op_b, std::size_t inner, Rows a, Rows b, MutableRows c,
           float kept = 0.0F) {
  // oneDNN would start an OpenMP team in every worker; each worker is one thread on purpose.
  thread_local const bool alone = (omp_set_num_threads(1), true);
  static_cast<void>(alone);
  const auto dim = [](std::size_t size) { return static_cast<dnnl_dim_t>(size); };
  if (dnnl_sgemm(op_a, op_b, dim(c.rows), dim(c.cols), dim(inner), 1.0F, a.data, dim(a.cols),
                 b.data, dim(b.cols), kept, c.data, dim(c.cols)) != dnnl_success) {
    throw std::runtime_error("dnnl_sgemm failed");
  }
}

void check(const char* what, bool fits) {
  if (!fits) throw std::logic_error(std::string(what) + ": shapes do not fit");
}

/// c (O × I) += sum over n of a.row(n)^T · b.row(n), added in rising order of n.
template <class Float>
[[gnu::always_inline]] inline void outer_products(RowsOf<const Float> a, RowsOf<const Float> b,
                                                  RowsOf<Float> c) {
  for (std::size_t n = 0; n < a.rows; ++n) {
    for (std::size_t o = 0; o < c.rows; ++o) {
      const Float factor = a.data[n * a.cols + o];
      for (std::size_t i = 0; i < c.cols; ++i)
        c.data[o * c.cols + i] += factor * b.data[n * b.cols + i];
    }
  }
}

GIBBON_SIMD void outer_products_plain(Rows a, Rows b, MutableRows c) {
  outer_products<float>(a, b, c);
}
GIBBON_SIMD void outer_products_plain(RowsOf<const double> a, RowsOf<const double> b,
                                      RowsOf<double> c) {
  outer_products<double>(a, b, c);
}

template <class Float>
void multiply_bt_plain(RowsOf<const Float> a, RowsOf<const Float> b, RowsOf<Float> c) {
  thread_local TensorOf<Float> turned;
  turned.reshape(b.cols, b.rows);
  transpose(b, turned.view());
  multiply_plain(a, std::as_const(turned).view(), c);
}

}  // namespace

bool reference_kernels() {
  static const bool reference = [] {
    const char* wanted = std::getenv("GIBBON_KERNELS");  // NOLINT(concurrency-mt-unsafe): read once
    return wanted != nullptr && std::string_view(wanted) == "reference";
  }();
  return reference;
}

// oneDNN chooses its inner kernel by the number of rows, and the kernels round differently: against
// 64 rows, 2.6.3 changes bits for 1 row (AVX-512) or for 33 of the 63 smaller counts (AVX2). With
// exactly 64 rows the position and the neighbours of a row do not matter. So: always 64.
void multiply(Rows a, Rows b, MutableRows c) {
  constexpr std::size_t kRows = 64;
  check("multiply", a.cols == b.rows && b.cols == c.cols && a.rows == c.rows);
  if (reference_kernels()) return multiply_plain(a, b, c);
  std::size_t n = 0;
  for (; n + kRows <= a.rows; n += kRows) {
    sgemm('N', 'N', a.cols, a.slice(n, kRows), b, c.slice(n, kRows));
  }
  if (n == a.rows) return;

  const std::size_t rest = a.rows - n;
  thread_local Tensor padded;
  thread_local Tensor product;
  padded.reshape(kRows, a.cols);
  product.reshape(kRows, c.cols);
  std::ranges::copy(a.slice(n, rest).flat(), padded.view().data);
  std::ranges::fill(padded.view().slice(rest, kRows - rest).flat(), 0.0F);
  sgemm('N', 'N', a.cols, padded.view(), b, product.view());
  std::ranges::copy(product.view().slice(0, rest).flat(), c.slice(n, rest).data);
}

void multiply(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  reference_kernels() ? multiply_plain(a, b, c) : multiply_fused(a, b, c);
}

void multiply_any(Rows a, Rows b, MutableRows c) {
  check("multiply_any", a.cols == b.rows && b.cols == c.cols && a.rows == c.rows);
  if (reference_kernels()) return multiply_plain(a, b, c);
  sgemm('N', 'N', a.cols, a, b, c);
}

void multiply_any(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  multiply(a, b, c);
}

void multiply_bt(Rows a, Rows b, MutableRows c) {
  check("multiply_bt", a.cols == b.cols && b.rows == c.cols && a.rows == c.rows);
  if (reference_kernels()) return multiply_bt_plain(a, b, c);
  sgemm('N', 'T', a.cols, a, b, c);
}

void multiply_bt(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  check("multiply_bt", a.cols == b.cols && b.rows == c.cols && a.rows == c.rows);
  multiply_bt_plain(a, b, c);
}

void multiply_at(Rows a, Rows b, MutableRows c) {
  check("multiply_at", a.rows == b.rows && a.cols == c.rows && b.cols == c.cols);
  if (!reference_kernels()) return sgemm('T', 'N', a.rows, a, b, c);
  std::ranges::fill(c.flat(), 0.0F);
  outer_products_plain(a, b, c);
}

void multiply_at(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  check("multiply_at", a.rows == b.rows && a.cols == c.rows && b.cols == c.cols);
  std::ranges::fill(c.flat(), 0.0);
  outer_products_plain(a, b, c);
}

void add_multiply_at(Rows a, Rows b, MutableRows c) {
  check("add_multiply_at", a.rows == b.rows && a.cols == c.rows && b.cols == c.cols);
  if (reference_kernels()) return outer_products_plain(a, b, c);
  sgemm('T', 'N', a.rows, a, b, c, 1.0F);
}

void add_multiply_at(RowsOf<const double> a, RowsOf<const double> b, RowsOf<double> c) {
  check("add_multiply_at", a.rows == b.rows && a.cols == c.rows && b.cols == c.cols);
  outer_products_plain(a, b, c);
}

}  // namespace gibbon::models::kernels
