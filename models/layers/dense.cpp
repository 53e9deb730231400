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
    kernels::multiply(inputs[0], std::as_const(turned_).view(), y);  // y = W x
    add_bias(std::span<const Float>(bias_), y);
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> scratch) const override {
    // forward: y = W x + b, hence ∂J/∂x = W^T ∂J/∂y
    const RowsOf<Float> dx{scratch.data(), dy.rows, weight_.cols()};
    kernels::multiply(dy, std::as_const(weight_).view(), dx);
    for (std::size_t k = 0; k < dx.flat().size(); ++k) dinputs[0].data[k] += dx.data[k];
  }

 private:
  TensorOf<Float> weight_;  // W (O × I)
  TensorOf<Float> turned_;  // W^T
  std::vector<Float> bias_;
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
