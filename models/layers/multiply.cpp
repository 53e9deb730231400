// SPDX-License-Identifier: MIT
// The product of two branches: what SiLU, gates and squeeze-and-excitation are made of.
#include <fmt/format.h>
#include <stdexcept>

#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class Multiply;

template <class Float>
class MultiplyPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  MultiplyPasses(const Multiply& /*layer*/, std::span<const FeatureShape> /*inputs*/) {}

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    for (std::size_t k = 0; k < y.flat().size(); ++k)
      y.data[k] = inputs[0].data[k] * inputs[1].data[k];  // y = a b
  }

  void backward(Inputs inputs, RowsOf<const Float> /*y*/, RowsOf<const Float> dy, Gradients dinputs,
                std::span<Float> /*scratch*/) const override {
    // forward: y = a b, hence ∂J/∂a += b ∂J/∂y and ∂J/∂b += a ∂J/∂y
    for (std::size_t k = 0; k < dy.flat().size(); ++k) {
      dinputs[0].data[k] += inputs[1].data[k] * dy.data[k];
      dinputs[1].data[k] += inputs[0].data[k] * dy.data[k];
    }
  }
};

class Multiply final : public LayerOf<Multiply, MultiplyPasses> {
 public:
  [[nodiscard]] std::string describe() const override { return "multiply"; }
  [[nodiscard]] Blueprint blueprint() const override { return {.kind = "multiply"}; }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    if (inputs.size() != 2) {
      throw std::invalid_argument(fmt::format("it has {} inputs; allowed are 2", inputs.size()));
    }
    if (inputs[0] != inputs[1]) {
      throw std::invalid_argument(
          fmt::format("it multiplies {} and {}", inputs[0].text(), inputs[1].text()));
    }
    return inputs[0];
  }
};

}  // namespace

LayerPtr multiply() { return std::make_shared<Multiply>(); }

}  // namespace gibbon::models
