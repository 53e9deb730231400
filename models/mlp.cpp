// SPDX-License-Identifier: MIT
#include "models/mlp.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/deadline.hpp"
#include "models/kernels/gemm.hpp"
#include "models/layers.hpp"

namespace gibbon::models {

template <class Float>
MlpLayersOf<Float>::MlpLayersOf(const Network& network) {
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
}

template <class Float>
TapeOf<Float> MlpLayersOf<Float>::make_tape(std::size_t max_rows) const {
  auto tape = std::make_unique<MlpTapeOf<Float>>();
  if (!shift_.empty()) tape->normalised.reshape(max_rows, input_dim());
  for (std::size_t l = 0; l < depth(); ++l) {
    tape->z.emplace_back(max_rows, widths_[l + 1]);
    tape->a.emplace_back(max_rows, widths_[l + 1]);
    tape->gradient.emplace_back(max_rows, widths_[l + 1]);
  }
  return TapeOf<Float>(std::move(tape));
}

template <class Float>
RowsOf<const Float> MlpLayersOf<Float>::normalise(RowsOf<const Float> x,
                                                  MlpTapeOf<Float>& tape) const {
  if (shift_.empty()) return x;
  const RowsOf<Float> out = tape.normalised.view().slice(0, x.rows);
  models::normalise(x, std::span<const Float>(shift_), std::span<const Float>(scale_), out);
  return out;
}

template <class Float>
void MlpLayersOf<Float>::affine(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const {
  multiply(l, a, z);
  add_bias(bias(parameters(), l), z);
}

template <class Float>
RowsOf<const Float> MlpLayersOf<Float>::forward(RowsOf<const Float> x,
                                                TapeOf<Float>& handle) const {
  auto& tape = handle.template as<MlpTapeOf<Float>>();
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
bool MlpLayersOf<Float>::near_kink(const TapeOf<Float>& tape, std::size_t n,
                                   double tolerance) const {
  const auto size = [](Float value) { return std::abs(static_cast<double>(value)); };
  for (std::size_t l = 0; l < depth(); ++l) {
    if (activations_[l].info->kink == "none") continue;
    double largest = 0.0;
    const auto z = std::as_const(passed(tape).z[l]).row(n);
    for (const Float value : z) largest = std::max(largest, size(value));
    const double border = tolerance * largest;
    if (std::ranges::any_of(z, [&](Float value) { return size(value) <= border; })) return true;
  }
  return false;
}

template <class Float>
RowsOf<const Float> MlpLayersOf<Float>::gradient_of_z(MlpTapeOf<Float>& tape,
                                                      RowsOf<const Float> dlogits,
                                                      std::size_t l) const {
  const RowsOf<Float> gradient = tape.gradient[l].view().slice(0, tape.rows);
  if (l + 1 == depth()) {
    std::ranges::copy(dlogits.flat(), gradient.data);
  } else {
    // forward: z[l+1] = W a[l] + b, hence ∂J/∂a[l] = W^T ∂J/∂z[l+1]
    const RowsOf<const Float> above =
        std::as_const(tape.gradient[l + 1]).view().slice(0, tape.rows);
    multiply_back(l + 1, above, gradient);
  }
  // forward: a[l] = σ(z[l]), hence ∂J/∂z[l] = ∂J/∂a[l] · σ'(z[l])
  activations_[l].backward(std::as_const(tape.z[l]).view().slice(0, tape.rows).flat(),
                           std::as_const(tape.a[l]).view().slice(0, tape.rows).flat(),
                           gradient.flat());
  return gradient;
}

template <class Float>
void MlpLayersOf<Float>::backward(TapeOf<Float>& handle, RowsOf<const Float> dlogits,
                                  RowsOf<Float> dx) const {
  auto& tape = handle.template as<MlpTapeOf<Float>>();
  expect_size("Mlp::backward: rows of dlogits", dlogits.rows, tape.rows);
  expect_size("Mlp::backward: rows of dx", dx.rows, tape.rows);
  RowsOf<const Float> dz;
  for (std::size_t l = depth(); l-- > 0;) dz = gradient_of_z(tape, dlogits, l);
  // forward: z[0] = W x + b, hence ∂J/∂x = W^T ∂J/∂z[0]
  kernels::multiply(dz, weight(parameters(), 0), dx);
  if (!scale_.empty()) normalise_backward(std::span<const Float>(scale_), dx);
}

template <class Float>
void MlpLayersOf<Float>::backward_parameters(TapeOf<Float>& handle, RowsOf<const Float> dlogits,
                                             std::span<Float> gradient) const {
  auto& tape = handle.template as<MlpTapeOf<Float>>();
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
void MlpLayersOf<Float>::store(Network& network) const {
  expect_size("Mlp::store: number of layers", network.layers.size(), depth());
  for (std::size_t l = 0; l < depth(); ++l) {
    const auto cast = [](Float value) { return static_cast<float>(value); };
    std::ranges::transform(weight(parameters(), l).flat(), network.layers[l].weight.flat().begin(),
                           cast);
    std::ranges::transform(bias(parameters(), l), network.layers[l].bias.begin(), cast);
  }
}

template <class Float>
MlpOf<Float>::MlpOf(const Network& network) : MlpLayersOf<Float>(network) {
  for (std::size_t l = 0; l < this->depth(); ++l) {
    reading_deadline.check_time();
    transposed_.emplace_back(this->widths_[l], this->widths_[l + 1]);
    kernels::transpose(this->weight(this->parameters(), l), transposed_.back().view());
  }
}

template <class Float>
void MlpOf<Float>::multiply(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const {
  kernels::multiply(a, std::as_const(transposed_[l]).view(), z);
}

template <class Float>
void MlpOf<Float>::multiply_back(std::size_t l, RowsOf<const Float> dz, RowsOf<Float> da) const {
  kernels::multiply(dz, this->weight(this->parameters(), l), da);
}

template <class Float>
void MlpOf<Float>::start(RowsOf<const Float> x, TapeOf<Float>& tape, RowsOf<Float> z) const {
  expect_size("Front::start: columns of x", x.cols, this->input_dim());
  this->affine(0, this->normalise(x, tape.template as<MlpTapeOf<Float>>()), z);
}

template <class Float>
void MlpOf<Float>::add(std::span<const Change> changes, std::span<Float> z) const {
  add_changes(changes, std::span<const Float>(this->scale_), std::as_const(transposed_[0]).view(),
              z);
}

template <class Float>
RowsOf<const Float> MlpOf<Float>::finish(RowsOf<const Float> z, TapeOf<Float>& tape) const {
  expect_size("Front::finish: columns of z", z.cols, width());
  auto& passed = tape.template as<MlpTapeOf<Float>>();
  passed.rows = 0;  // z[0] stays with the caller: backward() would read something else, and refuses
  RowsOf<const Float> a;
  for (std::size_t l = 0; l < this->depth(); ++l) {
    if (l > 0) {
      const RowsOf<Float> own = passed.z[l].view().slice(0, z.rows);
      this->affine(l, a, own);
      z = own;
    }
    const RowsOf<Float> out = passed.a[l].view().slice(0, z.rows);
    this->activations_[l].forward(z.flat(), out.flat());
    a = out;
  }
  return a;
}

template <class Float>
TrainableMlpOf<Float>::TrainableMlpOf(const Network& network) : MlpLayersOf<Float>(network) {
  for (const Dense& layer : network.layers) {
    parts_.push_back({.count = layer.weight.flat().size(), .role = Role::kDecayed});
    parts_.push_back({.count = layer.bias.size(), .role = Role::kLearned});
  }
}

template <class Float>
void TrainableMlpOf<Float>::multiply(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const {
  kernels::multiply_bt(a, this->weight(this->parameters(), l), z);
}

template <class Float>
void TrainableMlpOf<Float>::multiply_back(std::size_t l, RowsOf<const Float> dz,
                                          RowsOf<Float> da) const {
  kernels::multiply_any(dz, this->weight(this->parameters(), l), da);
}

template class MlpLayersOf<float>;
template class MlpLayersOf<double>;
template class MlpOf<float>;
template class MlpOf<double>;
template class TrainableMlpOf<float>;
template class TrainableMlpOf<double>;

}  // namespace gibbon::models
