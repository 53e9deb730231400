// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "models/mlp.hpp"

namespace gibbon::models::train::robust {

/// Interval arithmetic (IBP) through the hidden layers of a network that is being trained, forward
/// and backward, on N boxes at once:
///
///   z in W m + b -+ |W| r,   a in [σ(z_low), σ(z_high)],   m, r = half their sum and difference
///
/// for every activation that never falls. Gowal et al. 2018, arXiv:1810.12715. The last layer is
/// left to others, who fold the margin into it: what enters it is centre(depth - 1) and radius().
/// Owns its memory, so nothing is allocated per step. Rounding is not bounded: this is for
/// gradients, proofs are Bounder's.
template <class Float>
class BoxPassOf {
 public:
  BoxPassOf(const MlpLayersOf<Float>& model, std::size_t max_rows);

  /// Boxes { |x' - x| <= epsilon, x' in clip } through the network; x (N × D), `sizes` = |W|, laid
  /// out as the parameters. Clears what was put into d_low() and d_high().
  void forward(RowsOf<const Float> x, double epsilon, Box clip, std::span<const Float> sizes);

  /// Adds ∂J/∂θ of the hidden layers to `gradient`, given ∂J by what enters the last layer in
  /// d_centre() and d_radius() and whatever else depends on the bounds in d_low() and d_high().
  void backward(std::span<const Float> sizes, std::span<Float> gradient);

  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// The box that enters layer l (N × I).
  [[nodiscard]] RowsOf<const Float> centre(std::size_t l) const { return used(inputs_[l].centre); }
  [[nodiscard]] RowsOf<const Float> radius(std::size_t l) const { return used(inputs_[l].radius); }
  /// Bounds of z of hidden layer l (N × O), and where others add their ∂J by them.
  [[nodiscard]] RowsOf<const Float> low(std::size_t l) const { return used(hidden_[l].low); }
  [[nodiscard]] RowsOf<const Float> high(std::size_t l) const { return used(hidden_[l].high); }
  [[nodiscard]] RowsOf<Float> d_low(std::size_t l) { return used(hidden_[l].d_low); }
  [[nodiscard]] RowsOf<Float> d_high(std::size_t l) { return used(hidden_[l].d_high); }
  /// ∂J by what enters the last layer: to be overwritten before backward().
  [[nodiscard]] RowsOf<Float> d_centre() { return used(inputs_.back().d_centre); }
  [[nodiscard]] RowsOf<Float> d_radius() { return used(inputs_.back().d_radius); }

 private:
  struct Input {
    TensorOf<Float> centre;
    TensorOf<Float> radius;
    TensorOf<Float> d_centre;
    TensorOf<Float> d_radius;
  };
  struct Hidden {
    TensorOf<Float> low;
    TensorOf<Float> high;
    TensorOf<Float> low_a;  // σ(low)
    TensorOf<Float> high_a;
    TensorOf<Float> d_low;
    TensorOf<Float> d_high;
  };

  [[nodiscard]] RowsOf<const Float> used(const TensorOf<Float>& all) const {
    return all.view().slice(0, rows_);
  }
  [[nodiscard]] RowsOf<Float> used(TensorOf<Float>& all) const {
    return all.view().slice(0, rows_);
  }
  void backward_bounds(std::size_t l);

  const MlpLayersOf<Float>& model_;
  std::size_t rows_ = 0;
  std::vector<Input> inputs_;   // of every layer
  std::vector<Hidden> hidden_;  // all layers but the last
  TensorOf<Float> d_low_a_;     // scratch: ∂J/∂σ(low)
  TensorOf<Float> d_high_a_;
  std::vector<Float> product_;  // scratch: as large as the largest W
};

extern template class BoxPassOf<float>;
extern template class BoxPassOf<double>;

}  // namespace gibbon::models::train::robust
