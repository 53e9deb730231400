// SPDX-License-Identifier: MIT
#pragma once

#include "models/train/robust/box_pass.hpp"

namespace gibbon::models::train::robust {

/// The last layer with the margin folded into it, on N boxes: lower bounds of z_y - z_t,
///
///   margin_t = (W_y - W_t) m + (b_y - b_t) - |W_y - W_t| r,
///
/// which are above what bounds of z_y and z_t give when subtracted. Gowal et al. 2018, section 3.
template <class Float>
class MarginLayerOf {
 public:
  MarginLayerOf(const MlpLayersOf<Float>& model, std::size_t max_rows);

  /// margins (N × C) of the boxes of the last forward(); 0 at a sample's own label. Overwritten.
  void forward(const BoxPassOf<Float>& boxes, Labels labels, RowsOf<Float> margins);

  /// Adds ∂J/∂θ of the last layer to `gradient` and overwrites d_centre() and d_radius() of the
  /// boxes; d_margins (N × C) is not read at a sample's own label.
  void backward(BoxPassOf<Float>& boxes, Labels labels, RowsOf<const Float> d_margins,
                std::span<Float> gradient);

 private:
  const MlpLayersOf<Float>& model_;
  TensorOf<Float> z_;           // N × C: W m + b, then ∂J by it
  std::vector<Float> product_;  // as large as W
};

extern template class MarginLayerOf<float>;
extern template class MarginLayerOf<double>;

}  // namespace gibbon::models::train::robust
