// SPDX-License-Identifier: MIT
#include "models/kernels/runs.hpp"

#include <algorithm>
#include <array>

#include "base/simd.hpp"
#include "models/kernels/fused_runs.hpp"
#include "models/kernels/gemm.hpp"

namespace gibbon::models::kernels {
namespace {

template <class Float>
[[gnu::always_inline]] inline void plain(const RunsOf<Float>& a, const PanelsOf<Float>& b,
                                         std::span<const Float> bias, Float* c, std::size_t pitch) {
  constexpr std::size_t kMost = PanelsOf<Float>::kVectors * PanelsOf<Float>::kLanes;
  for (std::size_t q = 0; q < b.panels(); ++q) {
    const auto panel = b.panel(q);
    const std::size_t width = panel.vectors * PanelsOf<Float>::kLanes;
    for (std::size_t p = 0; p < a.bases.size(); ++p) {
      std::array<Float, kMost> sums{};
      const Float* row = panel.values;
      for (const std::size_t start : a.starts) {
        for (std::size_t k = 0; k < a.length; ++k, row += width) {
          const Float factor = a.bases[p][start + k];
          for (std::size_t o = 0; o < width; ++o) sums[o] += factor * row[o];
        }
      }
      for (std::size_t o = 0; o < panel.columns; ++o) {
        c[p * pitch + panel.first + o] = bias.empty() ? sums[o] : sums[o] + bias[panel.first + o];
      }
    }
  }
}

template <class Float>
[[gnu::always_inline]] inline void plain_outer(const RunsOf<Float>& a, const Float* b,
                                               std::size_t pitch, RowsOf<Float> c) {
  for (std::size_t p = 0; p < a.bases.size(); ++p, b += pitch) {
    for (std::size_t k = 0; k < c.rows; ++k) {
      const Float factor = a.bases[p][a.starts[k / a.length] + k % a.length];
      Float* to = c.row(k).data();
      for (std::size_t o = 0; o < c.cols; ++o) to[o] += factor * b[o];
    }
  }
}

template <class Float>
[[gnu::always_inline]] inline void add(Float* to, const Float* from, std::size_t size) {
  for (std::size_t k = 0; k < size; ++k) to[k] += from[k];
}

}  // namespace

template <class Float>
void PanelsOf<Float>::pack(RowsOf<const Float> matrix) {
  inner_ = matrix.rows;
  outer_ = matrix.cols;
  values_.assign((outer_ + kLanes - 1) / kLanes * kLanes * inner_, Float{0});
  for (std::size_t q = 0; q < panels(); ++q) {
    const Panel at = panel(q);
    Float* to = values_.data() + at.first * inner_;
    for (std::size_t k = 0; k < inner_; ++k, to += at.vectors * kLanes) {
      std::ranges::copy(matrix.row(k).subspan(at.first, at.columns), to);
    }
  }
}

template <class Float>
std::size_t PanelsOf<Float>::panels() const {
  return (outer_ + kVectors * kLanes - 1) / (kVectors * kLanes);
}

template <class Float>
typename PanelsOf<Float>::Panel PanelsOf<Float>::panel(std::size_t index) const {
  const std::size_t first = index * kVectors * kLanes;
  const std::size_t columns = std::min(kVectors * kLanes, outer_ - first);
  return {.values = values_.data() + first * inner_,
          .first = first,
          .columns = columns,
          .vectors = (columns + kLanes - 1) / kLanes};
}

GIBBON_SIMD void multiply_runs_plain(const RunsOf<float>& a, const PanelsOf<float>& b,
                                     std::span<const float> bias, float* c, std::size_t pitch) {
  plain<float>(a, b, bias, c, pitch);
}
GIBBON_SIMD void multiply_runs_plain(const RunsOf<double>& a, const PanelsOf<double>& b,
                                     std::span<const double> bias, double* c, std::size_t pitch) {
  plain<double>(a, b, bias, c, pitch);
}

void multiply_runs(const RunsOf<float>& a, const PanelsOf<float>& b, std::span<const float> bias,
                   float* c, std::size_t pitch) {
  reference_kernels() ? multiply_runs_plain(a, b, bias, c, pitch)
                      : multiply_runs_fused(a, b, bias, c, pitch);
}
void multiply_runs(const RunsOf<double>& a, const PanelsOf<double>& b, std::span<const double> bias,
                   double* c, std::size_t pitch) {
  reference_kernels() ? multiply_runs_plain(a, b, bias, c, pitch)
                      : multiply_runs_fused(a, b, bias, c, pitch);
}

GIBBON_SIMD void add_outer_runs_plain(const RunsOf<float>& a, const float* b, std::size_t pitch,
                                      MutableRows c) {
  plain_outer(a, b, pitch, c);
}
GIBBON_SIMD void add_outer_runs_plain(const RunsOf<double>& a, const double* b, std::size_t pitch,
                                      RowsOf<double> c) {
  plain_outer(a, b, pitch, c);
}

void add_outer_runs(const RunsOf<float>& a, const float* b, std::size_t pitch, MutableRows c) {
  reference_kernels() ? add_outer_runs_plain(a, b, pitch, c) : add_outer_runs_fused(a, b, pitch, c);
}
void add_outer_runs(const RunsOf<double>& a, const double* b, std::size_t pitch, RowsOf<double> c) {
  reference_kernels() ? add_outer_runs_plain(a, b, pitch, c) : add_outer_runs_fused(a, b, pitch, c);
}

GIBBON_SIMD void add_to(float* to, const float* from, std::size_t size) { add(to, from, size); }
GIBBON_SIMD void add_to(double* to, const double* from, std::size_t size) { add(to, from, size); }

template class PanelsOf<float>;
template class PanelsOf<double>;

}  // namespace gibbon::models::kernels
