// SPDX-License-Identifier: MIT
#include "models/train/robust/box_pass.hpp"

#include <utility>

#include "models/kernels/gemm.hpp"
#include "models/layers.hpp"
#include "models/train/robust/sums.hpp"

// The loops here touch each number once or twice; the products beside them touch it 64 times and
// more. So they are plain templates, not compiled for several instruction sets.
namespace gibbon::models::train::robust {
namespace {

/// The box around x: its middle and half its sides, clipped.
template <class Float>
void place(RowsOf<const Float> x, double epsilon, Box clip, RowsOf<Float> centre,
           RowsOf<Float> radius) {
  const auto reach = static_cast<Float>(epsilon);
  const auto lowest = static_cast<Float>(clip.lower);
  const auto highest = static_cast<Float>(clip.upper);
  for (std::size_t k = 0; k < x.flat().size(); ++k) {
    const Float low = std::max(x.data[k] - reach, lowest);
    const Float high = std::min(x.data[k] + reach, highest);
    centre.data[k] = (high + low) / Float{2};
    radius.data[k] = (high - low) / Float{2};
  }
}

}  // namespace

template <class Float>
BoxPassOf<Float>::BoxPassOf(const MlpLayersOf<Float>& model, std::size_t max_rows) : model_(model) {
  std::size_t largest = 0;
  std::size_t widest = 0;
  for (std::size_t l = 0; l < model.depth(); ++l) {
    const RowsOf<const Float> w = model.weight(model.parameters(), l);
    inputs_.emplace_back();
    for (TensorOf<Float>* part :
         {&inputs_[l].centre, &inputs_[l].radius, &inputs_[l].d_centre, &inputs_[l].d_radius}) {
      part->reshape(max_rows, w.cols);
    }
    if (l + 1 == model.depth()) break;
    hidden_.emplace_back();
    Hidden& own = hidden_.back();
    for (TensorOf<Float>* part :
         {&own.low, &own.high, &own.low_a, &own.high_a, &own.d_low, &own.d_high}) {
      part->reshape(max_rows, w.rows);
    }
    largest = std::max(largest, w.flat().size());
    widest = std::max(widest, w.rows);
  }
  d_low_a_.reshape(max_rows, widest);
  d_high_a_.reshape(max_rows, widest);
  product_.resize(largest);
}

template <class Float>
void BoxPassOf<Float>::forward(RowsOf<const Float> x, double epsilon, Box clip,
                               std::span<const Float> sizes) {
  expect_size("BoxPass::forward: columns of x", x.cols, model_.input_dim());
  rows_ = x.rows;
  place(x, epsilon, clip, used(inputs_[0].centre), used(inputs_[0].radius));
  for (std::size_t l = 0; l < hidden_.size(); ++l) {
    Hidden& own = hidden_[l];
    const RowsOf<Float> low = used(own.low);
    const RowsOf<Float> high = used(own.high);
    kernels::multiply_bt(centre(l), model_.weight(model_.parameters(), l), low);
    add_bias(model_.bias(model_.parameters(), l), low);
    kernels::multiply_bt(radius(l), model_.weight(sizes, l), high);
    for (std::size_t k = 0; k < low.flat().size(); ++k) {
      const Float middle = low.data[k];
      const Float spread = high.data[k];
      low.data[k] = middle - spread;
      high.data[k] = middle + spread;
    }
    const RowsOf<Float> low_a = used(own.low_a);
    const RowsOf<Float> high_a = used(own.high_a);
    model_.activation(l).forward(low.flat(), low_a.flat());
    model_.activation(l).forward(high.flat(), high_a.flat());
    const RowsOf<Float> next_centre = used(inputs_[l + 1].centre);
    const RowsOf<Float> next_radius = used(inputs_[l + 1].radius);
    for (std::size_t k = 0; k < low_a.flat().size(); ++k) {
      next_centre.data[k] = (high_a.data[k] + low_a.data[k]) / Float{2};
      next_radius.data[k] = (high_a.data[k] - low_a.data[k]) / Float{2};
    }
    std::ranges::fill(d_low(l).flat(), Float{0});
    std::ranges::fill(d_high(l).flat(), Float{0});
  }
}

/// From ∂J by the box that enters layer l + 1 to ∂J by the bounds of z of layer l, added to what
/// d_low(l) and d_high(l) hold.
template <class Float>
void BoxPassOf<Float>::backward_bounds(std::size_t l) {
  Hidden& own = hidden_[l];
  const RowsOf<const Float> d_centre = used(std::as_const(inputs_[l + 1].d_centre));
  const RowsOf<const Float> d_radius = used(std::as_const(inputs_[l + 1].d_radius));
  const std::span<Float> d_low_a = d_low_a_.flat().first(d_centre.flat().size());
  const std::span<Float> d_high_a = d_high_a_.flat().first(d_centre.flat().size());
  for (std::size_t k = 0; k < d_low_a.size(); ++k) {
    // forward: m = (high + low) / 2 and r = (high - low) / 2
    d_low_a[k] = (d_centre.data[k] - d_radius.data[k]) / Float{2};
    d_high_a[k] = (d_centre.data[k] + d_radius.data[k]) / Float{2};
  }
  // forward: a_low = σ(z_low), a_high = σ(z_high)
  const Activation& activation = model_.activation(l);
  activation.backward(low(l).flat(), used(std::as_const(own.low_a)).flat(), d_low_a);
  activation.backward(high(l).flat(), used(std::as_const(own.high_a)).flat(), d_high_a);
  add_to(std::span<const Float>(d_low_a), d_low(l).flat());
  add_to(std::span<const Float>(d_high_a), d_high(l).flat());
}

template <class Float>
void BoxPassOf<Float>::backward(std::span<const Float> sizes, std::span<Float> gradient) {
  for (std::size_t l = hidden_.size(); l-- > 0;) {
    backward_bounds(l);
    const RowsOf<Float> d_middle = d_low(l);
    const RowsOf<Float> d_spread = d_high(l);
    for (std::size_t k = 0; k < d_middle.flat().size(); ++k) {
      // forward: z_low = middle - spread and z_high = middle + spread
      const Float by_low = d_middle.data[k];
      const Float by_high = d_spread.data[k];
      d_middle.data[k] = by_high + by_low;
      d_spread.data[k] = by_high - by_low;
    }
    const RowsOf<const Float> w = model_.weight(model_.parameters(), l);
    const RowsOf<Float> dw = model_.weight(gradient, l);
    const RowsOf<Float> product{product_.data(), w.rows, w.cols};
    // forward: middle = W m + b, hence ∂J/∂W = ∂J/∂middle · m^T and ∂J/∂b = ∂J/∂middle
    kernels::multiply_at(RowsOf<const Float>(d_middle), centre(l), product);
    add_to(RowsOf<const Float>(product).flat(), dw.flat());
    add_columns(RowsOf<const Float>(d_middle), model_.bias(gradient, l));
    // forward: spread = |W| r, hence ∂J/∂W = ∂J/∂spread · r^T · sign(W)
    kernels::multiply_at(RowsOf<const Float>(d_spread), radius(l), product);
    add_signed(RowsOf<const Float>(product).flat(), w.flat(), dw.flat());
    if (l == 0) break;
    kernels::multiply_any(RowsOf<const Float>(d_middle), w, used(inputs_[l].d_centre));
    kernels::multiply_any(RowsOf<const Float>(d_spread), model_.weight(sizes, l),
                          used(inputs_[l].d_radius));
  }
}

template class BoxPassOf<float>;
template class BoxPassOf<double>;

}  // namespace gibbon::models::train::robust
