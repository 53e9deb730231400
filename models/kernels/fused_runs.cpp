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

}  // namespace

GIBBON_FUSED void multiply_runs_fused(const RunsOf<float>& a, const PanelsOf<float>& b,
                                      std::span<const float> bias, float* c, std::size_t pitch) {
  product(a, b, bias, c, pitch);
}
GIBBON_FUSED void multiply_runs_fused(const RunsOf<double>& a, const PanelsOf<double>& b,
                                      std::span<const double> bias, double* c, std::size_t pitch) {
  product(a, b, bias, c, pitch);
}

}  // namespace gibbon::models::kernels
