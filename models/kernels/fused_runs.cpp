// SPDX-License-Identifier: MIT
#include "models/kernels/fused_runs.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "models/kernels/fused.hpp"

// Compiled with -ffp-contract=fast, as fused.cpp.

namespace gibbon::models::kernels {
namespace {

constexpr std::size_t kRows = 6;  // of a tile: with four vectors each, 24 of 32 registers

template <class Float>
struct Wide {
  using Vector [[gnu::vector_size(64)]] = Float;
};

/// The products of kRows rows with one panel: the sums stay in registers.
template <class Float, std::size_t kVectors>
[[gnu::always_inline]] inline void tile(const std::array<const Float*, kRows>& bases,
                                        std::span<const std::size_t> starts, std::size_t length,
                                        const typename PanelsOf<Float>::Panel& panel,
                                        std::span<const Float> bias, std::size_t rows, Float* c,
                                        std::size_t pitch) {
  using Vector = typename Wide<Float>::Vector;
  constexpr std::size_t kLanes = PanelsOf<Float>::kLanes;
  Vector sum[kRows][kVectors]{};  // NOLINT(modernize-avoid-c-arrays): std::array drops alignment
  const Float* from = panel.values;
  for (const std::size_t start : starts) {
    for (std::size_t k = start; k < start + length; ++k, from += kVectors * kLanes) {
      Vector part[kVectors];  // NOLINT(modernize-avoid-c-arrays)
      for (std::size_t v = 0; v < kVectors; ++v) {
        std::memcpy(&part[v], from + v * kLanes, sizeof part[v]);
      }
      for (std::size_t p = 0; p < kRows; ++p) {
        const Float factor = bases[p][k];
        for (std::size_t v = 0; v < kVectors; ++v) sum[p][v] += factor * part[v];
      }
    }
  }
  // Sums are told apart by constants alone, else they would be kept in memory all along.
  Vector shift[kVectors]{};  // NOLINT(modernize-avoid-c-arrays)
  if (!bias.empty()) {
    std::memcpy(&shift, bias.data() + panel.first, panel.columns * sizeof(Float));
  }
  std::array<Float, kRows * kVectors * kLanes> out;
  for (std::size_t p = 0; p < kRows; ++p) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vector shifted = bias.empty() ? sum[p][v] : sum[p][v] + shift[v];
      std::memcpy(out.data() + (p * kVectors + v) * kLanes, &shifted, sizeof shifted);
    }
  }
  Float* to = c + panel.first;
  constexpr std::size_t kWidth = kVectors * kLanes;
  const Float* row = out.data();
  if (panel.columns == kWidth) {  // a copy whose size the compiler knows
    for (std::size_t p = 0; p < rows; ++p, row += kWidth) {
      std::memcpy(to + p * pitch, row, kWidth * sizeof(Float));
    }
  } else {
    for (std::size_t p = 0; p < rows; ++p, row += kWidth) {
      std::memcpy(to + p * pitch, row, panel.columns * sizeof(Float));
    }
  }
}

template <class Float, std::size_t kVectors>
[[gnu::always_inline]] inline void rows_by(const RunsOf<Float>& a,
                                           const typename PanelsOf<Float>::Panel& panel,
                                           std::span<const Float> bias, Float* c,
                                           std::size_t pitch) {
  std::array<const Float*, kRows> bases;
  for (std::size_t first = 0; first < a.bases.size(); first += kRows) {
    // A last tile of fewer rows computes its last one several times.
    const std::size_t rows = std::min(kRows, a.bases.size() - first);
    for (std::size_t p = 0; p < kRows; ++p) bases[p] = a.bases[first + std::min(p, rows - 1)];
    tile<Float, kVectors>(bases, a.starts, a.length, panel, bias, rows, c + first * pitch, pitch);
  }
}

template <class Float>
[[gnu::always_inline]] inline void product(const RunsOf<Float>& a, const PanelsOf<Float>& b,
                                           std::span<const Float> bias, Float* c,
                                           std::size_t pitch) {
  for (std::size_t q = 0; q < b.panels(); ++q) {
    const auto panel = b.panel(q);
    switch (panel.vectors) {
      case 1: rows_by<Float, 1>(a, panel, bias, c, pitch); break;
      case 2: rows_by<Float, 2>(a, panel, bias, c, pitch); break;
      case 3: rows_by<Float, 3>(a, panel, bias, c, pitch); break;
      default: rows_by<Float, 4>(a, panel, bias, c, pitch);
    }
  }
}

/// Sums of outer products for `rows` of kRows rows of c, kVectors vectors each: they stay in
/// registers while all p go by. offsets[r]: of row r in a_p.
template <class Float, std::size_t kVectors>
[[gnu::always_inline]] inline void outer_tile(std::span<const Float* const> bases,
                                              const std::array<std::size_t, kRows>& offsets,
                                              const Float* b, std::size_t pitch, Float* c,
                                              std::size_t c_pitch, std::size_t rows) {
  using Vector = typename Wide<Float>::Vector;
  constexpr std::size_t kLanes = PanelsOf<Float>::kLanes;
  Vector sum[kRows][kVectors];  // NOLINT(modernize-avoid-c-arrays)
  for (std::size_t r = 0; r < kRows; ++r) {
    const Float* from = c + std::min(r, rows - 1) * c_pitch;
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(&sum[r][v], from + v * kLanes, sizeof sum[r][v]);
    }
  }
  for (const Float* base : bases) {
    Vector part[kVectors];  // NOLINT(modernize-avoid-c-arrays)
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(&part[v], b + v * kLanes, sizeof part[v]);
    }
    b += pitch;
    for (std::size_t r = 0; r < kRows; ++r) {
      const Float factor = base[offsets[r]];
      for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] += factor * part[v];
    }
  }
  // Told apart by constants alone, as above; a row computed twice is written twice.
  for (std::size_t r = kRows; r-- > 0;) {
    Float* to = c + std::min(r, rows - 1) * c_pitch;
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(to + v * kLanes, &sum[r][v], sizeof sum[r][v]);
    }
  }
}

template <class Float>
[[gnu::always_inline]] inline void outer_products(const RunsOf<Float>& a, const Float* b,
                                                  std::size_t pitch, RowsOf<Float> c) {
  constexpr std::size_t kLanes = PanelsOf<Float>::kLanes;
  constexpr std::size_t kVectors = PanelsOf<Float>::kVectors;
  std::array<std::size_t, kRows> offsets;
  for (std::size_t k = 0; k < c.rows; k += kRows) {
    const std::size_t rows = std::min(kRows, c.rows - k);
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::size_t at = k + std::min(r, rows - 1);
      offsets[r] = a.starts[at / a.length] + at % a.length;
    }
    for (std::size_t o = 0; o < c.cols; o += kVectors * kLanes) {
      Float* to = c.row(k).data() + o;
      switch (std::min(kVectors, (c.cols - o) / kLanes)) {
        case 1: outer_tile<Float, 1>(a.bases, offsets, b + o, pitch, to, c.cols, rows); break;
        case 2: outer_tile<Float, 2>(a.bases, offsets, b + o, pitch, to, c.cols, rows); break;
        case 3: outer_tile<Float, 3>(a.bases, offsets, b + o, pitch, to, c.cols, rows); break;
        default: outer_tile<Float, 4>(a.bases, offsets, b + o, pitch, to, c.cols, rows);
      }
    }
  }
}

}  // namespace

GIBBON_FUSED void add_outer_runs_fused(const RunsOf<float>& a, const float* b, std::size_t pitch,
                                       MutableRows c) {
  outer_products(a, b, pitch, c);
}
GIBBON_FUSED void add_outer_runs_fused(const RunsOf<double>& a, const double* b, std::size_t pitch,
                                       RowsOf<double> c) {
  outer_products(a, b, pitch, c);
}

GIBBON_FUSED void multiply_runs_fused(const RunsOf<float>& a, const PanelsOf<float>& b,
                                      std::span<const float> bias, float* c, std::size_t pitch) {
  product(a, b, bias, c, pitch);
}
GIBBON_FUSED void multiply_runs_fused(const RunsOf<double>& a, const PanelsOf<double>& b,
                                      std::span<const double> bias, double* c, std::size_t pitch) {
  product(a, b, bias, c, pitch);
}

}  // namespace gibbon::models::kernels
