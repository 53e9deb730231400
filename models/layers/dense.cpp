// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/kernels/gemm.hpp"
#include "models/layers.hpp"
#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class DenseLayer;

template <class Float>
class DensePasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  DensePasses(const DenseLayer& layer, std::span<const FeatureShape> inputs);

  [[nodiscard]] std::size_t scratch(std::size_t rows) const override {
    return rows * weight_.cols();
  }

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    if (taken_) {
      kernels::multiply_any(inputs[0], std::as_const(turned_).view(), y);
    } else {
      kernels::multiply(inputs[0], std::as_const(turned_).view(), y);  // y = W x
    }
    add_bias(std::span<const Float>(bias_), y);
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> scratch) const override {
    // forward: y = W x + b, hence ∂J/∂x = W^T ∂J/∂y
    const RowsOf<Float> dx{scratch.data(), dy.rows, weight_.cols()};
    if (taken_) {
      kernels::multiply_any(dy, std::as_const(weight_).view(), dx);
    } else {
      kernels::multiply(dy, std::as_const(weight_).view(), dx);
    }
    for (std::size_t k = 0; k < dx.flat().size(); ++k) dinputs[0].data[k] += dx.data[k];
  }

  void backward_parameters(Inputs inputs, RowsOf<const Float> dy, std::span<Float> gradient,
                           std::span<Float> /*scratch*/) const override {
    // forward: y = W x + b, hence ∂J/∂W += ∂J/∂y x^T and ∂J/∂b += ∂J/∂y
    const RowsOf<Float> dw{gradient.data(), weight_.rows(), weight_.cols()};
    kernels::add_multiply_at(dy, inputs[0], dw);
    add_bias_backward(dy, gradient.subspan(dw.flat().size()));
  }

  void take(std::span<const Float> parameters) override {
    const std::size_t weights = weight_.flat().size();
    expect_size("dense: number of parameters", parameters.size(), weights + bias_.size());
    std::ranges::copy(parameters.first(weights), weight_.flat().begin());
    std::ranges::copy(parameters.subspan(weights), bias_.begin());
    kernels::transpose(std::as_const(weight_).view(), turned_.view());
    taken_ = true;
  }

 private:
  TensorOf<Float> weight_;  // W (O × I)
  TensorOf<Float> turned_;  // W^T
  std::vector<Float> bias_;
  bool taken_ = false;  // then rows are not padded to 64
};

class DenseLayer final : public LayerOf<DenseLayer, DensePasses> {
 public:
  DenseLayer(Tensor w, std::vector<float> b) : weight(std::move(w)), bias(std::move(b)) {
    expect_size("dense: length of the bias", bias.size(), weight.rows());
  }

  [[nodiscard]] std::string describe() const override {
    return fmt::format("dense {}", weight.rows());
  }
  [[nodiscard]] std::string brief() const override { return fmt::format("{}", weight.rows()); }
  [[nodiscard]] std::size_t parameter_count() const override {
    return weight.flat().size() + bias.size();
  }
  [[nodiscard]] std::vector<Parameter> parameters() const override {
    return {{"weight", {weight.rows(), weight.cols()}, weight.flat(), Role::kDecayed},
            {"bias", {bias.size()}, bias, Role::kLearned}};
  }
  [[nodiscard]] LayerPtr with(std::span<const float> parameters) const override {
    expect_size("dense: number of parameters", parameters.size(), parameter_count());
    Tensor w(weight.rows(), weight.cols());
    std::ranges::copy(parameters.first(w.flat().size()), w.flat().begin());
    const auto b = parameters.subspan(w.flat().size());
    return std::make_shared<DenseLayer>(std::move(w), std::vector<float>(b.begin(), b.end()));
  }
  [[nodiscard]] Blueprint blueprint() const override { return {.kind = "dense"}; }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> /*inputs*/) const override {
    return {.name = "Gemm",
            .constants = {{"weight",
                           {weight.rows(), weight.cols()},
                           {weight.flat().begin(), weight.flat().end()}},
                          {"bias", {bias.size()}, bias}},
            .attributes = {{"transB", std::int64_t{1}}}};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    if (inputs[0].size() != weight.cols()) {
      throw std::invalid_argument(fmt::format("its weight takes {} inputs, but {} arrive",
                                              weight.cols(), inputs[0].size()));
    }
    return {1, 1, weight.rows()};
  }

  Tensor weight;
  std::vector<float> bias;
};

template <class Float>
DensePasses<Float>::DensePasses(const DenseLayer& layer, std::span<const FeatureShape> /*inputs*/)
    : weight_(layer.weight.rows(), layer.weight.cols()),
      turned_(layer.weight.cols(), layer.weight.rows()),
      bias_(layer.bias.begin(), layer.bias.end()) {
  std::ranges::copy(layer.weight.flat(), weight_.flat().begin());
  kernels::transpose(std::as_const(weight_).view(), turned_.view());
}

}  // namespace

LayerPtr dense(Tensor weight, std::vector<float> bias) {
  return std::make_shared<DenseLayer>(std::move(weight), std::move(bias));
}

}  // namespace gibbon::models
