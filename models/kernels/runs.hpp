// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/tensor.hpp"

// Products with rows that need not be copied together: what convolutions are made of.
namespace gibbon::models::kernels {

/// A matrix (K × O) in panels of columns that a tile keeps in registers; the last one is padded
/// with zeros to a vector.
template <class Float>
class PanelsOf {
 public:
  PanelsOf() = default;
  explicit PanelsOf(RowsOf<const Float> matrix) { pack(matrix); }
  void pack(RowsOf<const Float> matrix);

  struct Panel {
    const Float* values;  ///< K × (vectors · kLanes)
    std::size_t first;    ///< column
    std::size_t columns;  ///< without the padding
    std::size_t vectors;  ///< 1 to kVectors
  };
  [[nodiscard]] std::size_t inner() const { return inner_; }
  [[nodiscard]] std::size_t outer() const { return outer_; }
  [[nodiscard]] std::size_t panels() const;
  [[nodiscard]] Panel panel(std::size_t index) const;

  static constexpr std::size_t kLanes = 64 / sizeof(Float);
  static constexpr std::size_t kVectors = 4;

 private:
  std::vector<Float> values_;
  std::size_t inner_ = 0;
  std::size_t outer_ = 0;
};

/// Rows in pieces: row p is bases[p][starts[0] …], then bases[p][starts[1] …], …, `length` numbers
/// each.
template <class Float>
struct RunsOf {
  std::span<const Float* const> bases;
  std::span<const std::size_t> starts;
  std::size_t length;
};

/// c[p · pitch + o] = Σ_k a_p[k] · b(k, o) + bias[o] for all rows a_p, an empty bias being zero;
/// overwrites c. Each sum is one chain in rising order of k, with fused multiply-adds where the
/// machine has them, whatever the rows beside it are.
void multiply_runs(const RunsOf<float>& a, const PanelsOf<float>& b, std::span<const float> bias,
                   float* c, std::size_t pitch);
void multiply_runs(const RunsOf<double>& a, const PanelsOf<double>& b, std::span<const double> bias,
                   double* c, std::size_t pitch);

/// The same in plain loops, without fused operations: the oracle, and what GIBBON_KERNELS=reference
/// picks.
void multiply_runs_plain(const RunsOf<float>& a, const PanelsOf<float>& b,
                         std::span<const float> bias, float* c, std::size_t pitch);
void multiply_runs_plain(const RunsOf<double>& a, const PanelsOf<double>& b,
                         std::span<const double> bias, double* c, std::size_t pitch);

/// c(k, o) += Σ_p a_p[k] · b_p[o]: the sum of outer products of rows a_p with rows b_p, p < P = the
/// number of a's bases. c: K × whole vectors; b: P rows as wide as c, `pitch` apart. Each sum is
/// one chain that goes on in rising order of p.
void add_outer_runs(const RunsOf<float>& a, const float* b, std::size_t pitch, MutableRows c);
void add_outer_runs(const RunsOf<double>& a, const double* b, std::size_t pitch, RowsOf<double> c);

/// The same in plain loops, as above.
void add_outer_runs_plain(const RunsOf<float>& a, const float* b, std::size_t pitch, MutableRows c);
void add_outer_runs_plain(const RunsOf<double>& a, const double* b, std::size_t pitch,
                          RowsOf<double> c);

/// to[k] += from[k], k < size.
void add_to(float* to, const float* from, std::size_t size);
void add_to(double* to, const double* from, std::size_t size);

extern template class PanelsOf<float>;
extern template class PanelsOf<double>;

}  // namespace gibbon::models::kernels
