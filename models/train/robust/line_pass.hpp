// SPDX-License-Identifier: MIT
#pragma once

#include "models/train/robust/box_pass.hpp"

namespace gibbon::models::train::robust {

/// Backward linear bounds (CROWN) of the margins z_y - z_t over N boxes, with the interval bounds
/// of a BoxPass before every activation: CROWN-IBP, Zhang et al. 2020, arXiv:1906.06316. Forward:
/// a row λ of coefficients per margin walks from the last layer to the input,
///
///   λ = W_y - W_t;  per hidden layer: μ_i = λ_i ρ_i, c += λ_i t_i + μ_i b_i, λ = W^T μ;
///   margin = c + λ · m - |λ| · r,
///
/// where σ(z) >= ρ z + t is taken for λ_i >= 0 and σ(z) <= ρ z + t otherwise. For hinges, σ(z) = z
/// above 0 and a z below: lower line z or a z, whichever side of 0 reaches farther (a constant of
/// the backward pass), upper line the chord, through which gradients reach the interval bounds.
template <class Float>
class LinePassOf {
 public:
  /// Throws a logic_error for activations that are no hinge.
  LinePassOf(const MlpLayersOf<Float>& model, std::size_t max_rows);

  /// margins (N × C) over the boxes of the last forward(); 0 at a sample's own label. Overwritten.
  void forward(const BoxPassOf<Float>& boxes, Labels labels, RowsOf<Float> margins);

  /// Adds ∂J/∂θ to `gradient`, and ∂J by the interval bounds to the boxes' d_low() and d_high();
  /// d_margins (N × C) is not read at a sample's own label.
  void backward(BoxPassOf<Float>& boxes, Labels labels, RowsOf<const Float> d_margins,
                std::span<Float> gradient);

 private:
  struct Lines {  // N × O each
    TensorOf<Float> lower_slope;
    TensorOf<Float> upper_slope;
    TensorOf<Float> upper_intercept;
    TensorOf<Float> d_slope;  // ∂J by the upper line
    TensorOf<Float> d_intercept;
  };

  void draw_lines(std::size_t l, const BoxPassOf<Float>& boxes);
  void backward_lines(std::size_t l, BoxPassOf<Float>& boxes);
  void backward_slopes(std::size_t l, Labels labels, RowsOf<const Float> d_margins);
  /// Rows of a matrix with C - 1 rows per sample that are in use.
  [[nodiscard]] RowsOf<Float> used(TensorOf<Float>& all) const {
    return all.view().slice(0, samples_ * others_);
  }
  /// The class that row r of a sample with this label is about.
  [[nodiscard]] std::size_t other(std::size_t r, int label) const {
    const std::size_t t = r % others_;
    return t < static_cast<std::size_t>(label) ? t : t + 1;
  }

  const MlpLayersOf<Float>& model_;
  std::size_t others_;                   // C - 1
  std::size_t samples_ = 0;              // N of the last forward()
  std::vector<Float> below_;             // per hidden layer: a
  std::vector<Lines> lines_;             // per hidden layer
  std::vector<TensorOf<Float>> lambda_;  // λ at what enters layer l, N (C - 1) × I
  std::vector<TensorOf<Float>> mu_;      // μ at z of hidden layer l
  std::vector<TensorOf<Float>> d_lambda_;
  TensorOf<Float> d_mu_;         // scratch
  std::vector<Float> constant_;  // c
  std::vector<Float> product_;   // scratch: as large as the largest W
};

/// The slope a of the activation below 0, if σ(z) = z above and a z below with a in [0, 1]; -1 for
/// all others.
[[nodiscard]] double hinge_slope(const Activation& activation);

extern template class LinePassOf<float>;
extern template class LinePassOf<double>;

}  // namespace gibbon::models::train::robust
