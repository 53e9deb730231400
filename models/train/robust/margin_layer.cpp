// SPDX-License-Identifier: MIT
#include "models/train/robust/margin_layer.hpp"

#include <cmath>

#include "models/kernels/gemm.hpp"
#include "models/layers.hpp"
#include "models/train/robust/sums.hpp"

namespace gibbon::models::train::robust {

template <class Float>
MarginLayerOf<Float>::MarginLayerOf(const MlpLayersOf<Float>& model, std::size_t max_rows)
    : model_(model),
      z_(max_rows, model.num_classes()),
      product_(model.weight(model.parameters(), model.depth() - 1).flat().size()) {}

template <class Float>
void MarginLayerOf<Float>::forward(const BoxPassOf<Float>& boxes, Labels labels,
                                   RowsOf<Float> margins) {
  const std::size_t last = model_.depth() - 1;
  const RowsOf<const Float> w = model_.weight(model_.parameters(), last);
  const RowsOf<Float> z = z_.view().slice(0, boxes.rows());
  kernels::multiply_bt(boxes.centre(last), w, z);
  add_bias(model_.bias(model_.parameters(), last), z);
  for (std::size_t n = 0; n < z.rows; ++n) {
    const auto label = static_cast<std::size_t>(labels[n]);
    const std::span<const Float> own = w.row(label);
    const std::span<const Float> radius = boxes.radius(last).row(n);
    for (std::size_t t = 0; t < w.rows; ++t) {
      const std::span<const Float> other = w.row(t);
      Float spread{0};
      for (std::size_t j = 0; j < w.cols; ++j) spread += std::abs(own[j] - other[j]) * radius[j];
      margins.row(n)[t] = z.row(n)[label] - z.row(n)[t] - spread;
    }
  }
}

template <class Float>
void MarginLayerOf<Float>::backward(BoxPassOf<Float>& boxes, Labels labels,
                                    RowsOf<const Float> d_margins, std::span<Float> gradient) {
  const std::size_t last = model_.depth() - 1;
  const RowsOf<const Float> w = model_.weight(model_.parameters(), last);
  const RowsOf<Float> dw = model_.weight(gradient, last);
  const RowsOf<Float> dz = z_.view().slice(0, boxes.rows());
  for (std::size_t n = 0; n < dz.rows; ++n) {
    const auto label = static_cast<std::size_t>(labels[n]);
    const std::span<const Float> own = w.row(label);
    const std::span<const Float> radius = boxes.radius(last).row(n);
    const std::span<Float> d_radius = boxes.d_radius().row(n);
    std::ranges::fill(dz.row(n), Float{0});
    std::ranges::fill(d_radius, Float{0});
    for (std::size_t t = 0; t < w.rows; ++t) {
      if (t == label) continue;
      const Float d = d_margins.row(n)[t];
      // forward: margin_t = z_y - z_t - spread
      dz.row(n)[label] += d;
      dz.row(n)[t] -= d;
      const std::span<const Float> other = w.row(t);
      for (std::size_t j = 0; j < w.cols; ++j) {
        // forward: spread = Σ_j |W_yj - W_tj| r_j, with sign(0) = 0
        const Float gap = own[j] - other[j];
        const Float side = gap > Float{0} ? d : (gap < Float{0} ? -d : Float{0});
        d_radius[j] -= side * gap;
        dw.row(label)[j] -= side * radius[j];
        dw.row(t)[j] += side * radius[j];
      }
    }
  }
  // forward: z = W m + b
  const RowsOf<Float> product{product_.data(), w.rows, w.cols};
  kernels::multiply_at(RowsOf<const Float>(dz), boxes.centre(last), product);
  add_to(RowsOf<const Float>(product).flat(), dw.flat());
  add_columns(RowsOf<const Float>(dz), model_.bias(gradient, last));
  kernels::multiply_any(RowsOf<const Float>(dz), w, boxes.d_centre());
}

template class MarginLayerOf<float>;
template class MarginLayerOf<double>;

}  // namespace gibbon::models::train::robust
