// SPDX-License-Identifier: MIT
#include "models/mlp.hpp"

#include <utility>

#include "base/deadline.hpp"
#include "models/kernels/gemm.hpp"
#include "models/layers.hpp"

namespace gibbon::models {

template <class Float>
MlpOf<Float>::MlpOf(const Network& network, Use use) : use_(use) {
  network.check();
  widths_.push_back(network.input_dim());
  parameters_.reserve(network.parameter_count());
  for (const Dense& layer : network.layers) {
    reading_deadline.check_time();
    widths_.push_back(layer.weight.rows());
    activations_.push_back(layer.activation);
    offsets_.push_back(parameters_.size());
    parameters_.insert(parameters_.end(), layer.weight.flat().begin(), layer.weight.flat().end());
    parameters_.insert(parameters_.end(), layer.bias.begin(), layer.bias.end());
  }
  shift_.assign(network.normalisation.shift.begin(), network.normalisation.shift.end());
  scale_.assign(network.normalisation.scale.begin(), network.normalisation.scale.end());
  if (use_ == Use::kTraining) return;
  for (std::size_t l = 0; l < depth(); ++l) {
    reading_deadline.check_time();
    transposed_.emplace_back(widths_[l], widths_[l + 1]);
    kernels::transpose(weight(parameters(), l), transposed_.back().view());
  }
}

template <class Float>
std::span<Float> MlpOf<Float>::trainable_parameters() {
  if (use_ != Use::kTraining) throw std::logic_error("Mlp: parameters are frozen for inference");
  return parameters_;
}

template <class Float>
TapeOf<Float> MlpOf<Float>::make_tape(std::size_t max_rows) const {
  TapeOf<Float> tape;
  if (!shift_.empty()) tape.normalised.reshape(max_rows, input_dim());
  for (std::size_t l = 0; l < depth(); ++l) {
    tape.z.emplace_back(max_rows, widths_[l + 1]);
    tape.a.emplace_back(max_rows, widths_[l + 1]);
    tape.gradient.emplace_back(max_rows, widths_[l + 1]);
  }
  return tape;
}

template <class Float>
RowsOf<const Float> MlpOf<Float>::normalise(RowsOf<const Float> x, TapeOf<Float>& tape) const {
  if (shift_.empty()) return x;
  const RowsOf<Float> out = tape.normalised.view().slice(0, x.rows);
  models::normalise(x, std::span<const Float>(shift_), std::span<const Float>(scale_), out);
  return out;
}

template <class Float>
void MlpOf<Float>::affine(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const {
  if (use_ == Use::kInference) {
    kernels::multiply(a, std::as_const(transposed_[l]).view(), z);
  } else {
    kernels::multiply_bt(a, weight(parameters(), l), z);
  }
  add_bias(bias(parameters(), l), z);
}

template <class Float>
RowsOf<const Float> MlpOf<Float>::forward(RowsOf<const Float> x, TapeOf<Float>& tape) const {
  expect_size("Mlp::forward: columns of x", x.cols, input_dim());
  tape.input = normalise(x, tape);
  tape.rows = x.rows;
  RowsOf<const Float> a = tape.input;
  for (std::size_t l = 0; l < depth(); ++l) {
    const RowsOf<Float> z = tape.z[l].view().slice(0, x.rows);
    const RowsOf<Float> out = tape.a[l].view().slice(0, x.rows);
    affine(l, a, z);
    activations_[l].forward(z.flat(), out.flat());  // a = σ(z)
    a = out;
  }
  return a;
}

template <class Float>
void MlpOf<Float>::front(RowsOf<const Float> x, TapeOf<Float>& tape, RowsOf<Float> z) const {
  if (front_width() == 0) throw std::logic_error("Mlp: no front in training");
  expect_size("Mlp::front: columns of x", x.cols, input_dim());
  affine(0, normalise(x, tape), z);
}

template <class Float>
void MlpOf<Float>::front_add(std::span<const Change> changes, std::span<Float> z) const {
  if (front_width() == 0) throw std::logic_error("Mlp: no front in training");
  add_changes(changes, std::span<const Float>(scale_), std::as_const(transposed_[0]).view(), z);
}

template <class Float>
RowsOf<const Float> MlpOf<Float>::forward_front(RowsOf<const Float> z, TapeOf<Float>& tape) const {
  if (front_width() == 0) throw std::logic_error("Mlp: no front in training");
  expect_size("Mlp::forward_front: columns of z", z.cols, front_width());
  tape.rows = 0;  // z[0] stays with the caller: backward() would read something else, and refuses
  RowsOf<const Float> a;
  for (std::size_t l = 0; l < depth(); ++l) {
    if (l > 0) {
      const RowsOf<Float> own = tape.z[l].view().slice(0, z.rows);
      affine(l, a, own);
      z = own;
    }
    const RowsOf<Float> out = tape.a[l].view().slice(0, z.rows);
    activations_[l].forward(z.flat(), out.flat());
    a = out;
  }
  return a;
}

template <class Float>
RowsOf<const Float> MlpOf<Float>::gradient_of_z(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                                                std::size_t l) const {
  const RowsOf<Float> gradient = tape.gradient[l].view().slice(0, tape.rows);
  if (l + 1 == depth()) {
    std::ranges::copy(dlogits.flat(), gradient.data);
  } else {
    // forward: z[l+1] = W a[l] + b, hence ∂J/∂a[l] = W^T ∂J/∂z[l+1]
    const RowsOf<const Float> above =
        std::as_const(tape.gradient[l + 1]).view().slice(0, tape.rows);
    if (use_ == Use::kInference) {
      kernels::multiply(above, weight(parameters(), l + 1), gradient);
    } else {
      kernels::multiply_any(above, weight(parameters(), l + 1), gradient);
    }
  }
  // forward: a[l] = σ(z[l]), hence ∂J/∂z[l] = ∂J/∂a[l] · σ'(z[l])
  activations_[l].backward(std::as_const(tape.z[l]).view().slice(0, tape.rows).flat(),
                           std::as_const(tape.a[l]).view().slice(0, tape.rows).flat(),
                           gradient.flat());
  return gradient;
}

template <class Float>
void MlpOf<Float>::backward(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                            RowsOf<Float> dx) const {
  expect_size("Mlp::backward: rows of dlogits", dlogits.rows, tape.rows);
  expect_size("Mlp::backward: rows of dx", dx.rows, tape.rows);
  RowsOf<const Float> dz;
  for (std::size_t l = depth(); l-- > 0;) dz = gradient_of_z(tape, dlogits, l);
  // forward: z[0] = W x + b, hence ∂J/∂x = W^T ∂J/∂z[0]
  kernels::multiply(dz, weight(parameters(), 0), dx);
  if (!scale_.empty()) normalise_backward(std::span<const Float>(scale_), dx);
}

template <class Float>
void MlpOf<Float>::backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                                       std::span<Float> gradient) const {
  expect_size("Mlp::backward_parameters: rows of dlogits", dlogits.rows, tape.rows);
  expect_size("Mlp::backward_parameters: length of gradient", gradient.size(), parameters_.size());
  for (std::size_t l = depth(); l-- > 0;) {
    const RowsOf<const Float> dz = gradient_of_z(tape, dlogits, l);
    const RowsOf<const Float> a =
        l == 0 ? tape.input : std::as_const(tape.a[l - 1]).view().slice(0, tape.rows);
    // forward: z[l] = W a[l-1] + b, hence ∂J/∂W = ∂J/∂z[l] · a[l-1]^T and ∂J/∂b = ∂J/∂z[l]
    kernels::multiply_at(dz, a, weight(gradient, l));
    bias_backward(dz, bias(gradient, l));
  }
}

template <class Float>
void MlpOf<Float>::store(Network& network) const {
  expect_size("Mlp::store: number of layers", network.layers.size(), depth());
  for (std::size_t l = 0; l < depth(); ++l) {
    const auto cast = [](Float value) { return static_cast<float>(value); };
    std::ranges::transform(weight(parameters(), l).flat(), network.layers[l].weight.flat().begin(),
                           cast);
    std::ranges::transform(bias(parameters(), l), network.layers[l].bias.begin(), cast);
  }
}

template class MlpOf<float>;
template class MlpOf<double>;

}  // namespace gibbon::models
