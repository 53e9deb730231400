// SPDX-License-Identifier: MIT
#include "models/layers.hpp"

#include "base/simd.hpp"

// Each loop stands once, as a template that is inlined into its float and double version, where it
// is compiled for several instruction sets.
namespace gibbon::models {
namespace {

template <class Float>
[[gnu::always_inline]] inline void add_bias_loop(std::span<const Float> bias, RowsOf<Float> z) {
  for (std::size_t n = 0; n < z.rows; ++n) {
    Float* row = z.data + n * z.cols;
    for (std::size_t o = 0; o < z.cols; ++o) row[o] += bias[o];
  }
}

template <class Float>
[[gnu::always_inline]] inline void add_changes_loop(std::span<const Change> changes,
                                                    std::span<const Float> scale,
                                                    RowsOf<const Float> turned,
                                                    std::span<Float> z) {
  const std::size_t width = turned.cols;
  Float* const out = z.data();
  const auto delta = [=](const Change& change) {
    const Float moved = static_cast<Float>(change.to) - static_cast<Float>(change.from);
    return scale.empty() ? moved : moved / scale[change.feature];
  };
  const auto weights = [=](const Change& change) {
    return turned.data + std::size_t{change.feature} * width;
  };
  std::size_t k = 0;
  for (; k + 4 <= changes.size(); k += 4) {
    const Change* const four = changes.data() + k;
    const Float d0 = delta(four[0]);
    const Float d1 = delta(four[1]);
    const Float d2 = delta(four[2]);
    const Float d3 = delta(four[3]);
    const Float* const w0 = weights(four[0]);
    const Float* const w1 = weights(four[1]);
    const Float* const w2 = weights(four[2]);
    const Float* const w3 = weights(four[3]);
    for (std::size_t o = 0; o < width; ++o) {
      out[o] = out[o] + d0 * w0[o] + d1 * w1[o] + d2 * w2[o] + d3 * w3[o];
    }
  }
  for (; k < changes.size(); ++k) {
    const Float d = delta(changes[k]);
    const Float* const w = weights(changes[k]);
    for (std::size_t o = 0; o < width; ++o) out[o] += d * w[o];
  }
}

template <class Float>
[[gnu::always_inline]] inline void bias_backward_loop(RowsOf<const Float> dz, std::span<Float> db) {
  for (std::size_t n = 0; n < dz.rows; ++n) {
    // forward: z[n] = W a[n] + b, hence ∂z[n]/∂b = 1 for every n
    const Float* row = dz.data + n * dz.cols;
    for (std::size_t o = 0; o < dz.cols; ++o) db[o] += row[o];
  }
}

template <class Float>
[[gnu::always_inline]] inline void normalise_loop(RowsOf<const Float> x,
                                                  std::span<const Float> shift,
                                                  std::span<const Float> scale, RowsOf<Float> out) {
  for (std::size_t n = 0; n < x.rows; ++n) {
    for (std::size_t d = 0; d < x.cols; ++d) {
      out.data[n * x.cols + d] = (x.data[n * x.cols + d] - shift[d]) / scale[d];
    }
  }
}

template <class Float>
[[gnu::always_inline]] inline void normalise_backward_loop(std::span<const Float> scale,
                                                           RowsOf<Float> dx) {
  // forward: x' = (x - shift) / scale, hence ∂x'/∂x = 1 / scale
  for (std::size_t n = 0; n < dx.rows; ++n) {
    for (std::size_t d = 0; d < dx.cols; ++d) dx.data[n * dx.cols + d] /= scale[d];
  }
}

}  // namespace

GIBBON_SIMD void add_bias(Row bias, MutableRows z) { add_bias_loop<float>(bias, z); }
GIBBON_SIMD void add_bias(std::span<const double> bias, RowsOf<double> z) {
  add_bias_loop<double>(bias, z);
}
GIBBON_SIMD void add_changes(std::span<const Change> changes, Row scale, Rows turned,
                             MutableRow z) {
  add_changes_loop<float>(changes, scale, turned, z);
}
GIBBON_SIMD void add_changes(std::span<const Change> changes, std::span<const double> scale,
                             RowsOf<const double> turned, std::span<double> z) {
  add_changes_loop<double>(changes, scale, turned, z);
}
GIBBON_SIMD void add_bias_backward(Rows dz, MutableRow db) { bias_backward_loop<float>(dz, db); }
GIBBON_SIMD void add_bias_backward(RowsOf<const double> dz, std::span<double> db) {
  bias_backward_loop<double>(dz, db);
}
void bias_backward(Rows dz, MutableRow db) {
  std::ranges::fill(db, 0.0F);
  add_bias_backward(dz, db);
}
void bias_backward(RowsOf<const double> dz, std::span<double> db) {
  std::ranges::fill(db, 0.0);
  add_bias_backward(dz, db);
}
GIBBON_SIMD void normalise(Rows x, Row shift, Row scale, MutableRows out) {
  normalise_loop<float>(x, shift, scale, out);
}
GIBBON_SIMD void normalise(RowsOf<const double> x, std::span<const double> shift,
                           std::span<const double> scale, RowsOf<double> out) {
  normalise_loop<double>(x, shift, scale, out);
}
GIBBON_SIMD void normalise_backward(Row scale, MutableRows dx) {
  normalise_backward_loop<float>(scale, dx);
}
GIBBON_SIMD void normalise_backward(std::span<const double> scale, RowsOf<double> dx) {
  normalise_backward_loop<double>(scale, dx);
}

}  // namespace gibbon::models
