// SPDX-License-Identifier: MIT
// Layers that treat every number alone, and the one that only moves them.
#include <cmath>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class Activate;
class ScaleShift;
class Reorder;

template <class Float>
class ActivatePasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  ActivatePasses(const Activate& layer, std::span<const FeatureShape> inputs);

  [[nodiscard]] std::size_t scratch(std::size_t rows) const override { return rows * size_; }

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    activation_.forward(inputs[0].flat(), y.flat());  // y = σ(x)
  }

  void backward(Inputs inputs, RowsOf<const Float> y, RowsOf<const Float> dy, Gradients dinputs,
                std::span<Float> scratch) const override {
    // forward: y = σ(x), hence ∂J/∂x += ∂J/∂y · σ'(x)
    const std::span<Float> dz = scratch.first(dy.flat().size());
    std::ranges::copy(dy.flat(), dz.begin());
    activation_.backward(inputs[0].flat(), y.flat(), dz);
    for (std::size_t k = 0; k < dz.size(); ++k) dinputs[0].data[k] += dz[k];
  }

  [[nodiscard]] bool near_kink(std::span<const Float> z, double tolerance) const override {
    if (activation_.info->kink == "none") return false;
    double largest = 0.0;
    for (const Float value : z) largest = std::max(largest, std::abs(static_cast<double>(value)));
    return std::ranges::any_of(z, [&](Float value) {
      return std::abs(static_cast<double>(value)) <= tolerance * largest;
    });
  }

 private:
  Activation activation_;
  std::size_t size_;
};

class Activate final : public LayerOf<Activate, ActivatePasses> {
 public:
  explicit Activate(Activation of) : activation(of) {}
  [[nodiscard]] std::string describe() const override { return std::string(activation.info->name); }
  [[nodiscard]] Blueprint blueprint() const override {
    return {.kind = "activation",
            .function = activation.info->name,
            .numbers = {{"alpha", {activation.alpha}}}};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    return inputs[0];
  }
  [[nodiscard]] bool differentiable() const override { return activation.info->trainable; }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> /*inputs*/) const override {
    FileOperator out{.name = activation.info->onnx_op};
    if (activation.alpha != 0.0)
      out.attributes.emplace_back("alpha", static_cast<float>(activation.alpha));
    if (out.name == "HardSigmoid") out.attributes.emplace_back("beta", 0.0F);
    if (out.name == "Gelu") out.opset = 20;  // where that operator entered the standard
    return out;
  }

  Activation activation;
};

template <class Float>
ActivatePasses<Float>::ActivatePasses(const Activate& layer, std::span<const FeatureShape> inputs)
    : activation_(layer.activation), size_(inputs[0].size()) {}

template <class Float>
class ScaleShiftPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  ScaleShiftPasses(const ScaleShift& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    const std::size_t period = factors_.size();
    for (std::size_t k = 0; k < y.flat().size(); k += period) {
      for (std::size_t c = 0; c < period; ++c)
        y.data[k + c] = factors_[c] * inputs[0].data[k + c] + terms_[c];  // y = a x + b
    }
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> /*scratch*/) const override {
    const std::size_t period = factors_.size();
    for (std::size_t k = 0; k < dy.flat().size(); k += period) {
      // forward: y = a x + b, hence ∂J/∂x += a ∂J/∂y
      for (std::size_t c = 0; c < period; ++c)
        dinputs[0].data[k + c] += factors_[c] * dy.data[k + c];
    }
  }

 private:
  std::vector<Float> factors_;
  std::vector<Float> terms_;
};

class ScaleShift final : public LayerOf<ScaleShift, ScaleShiftPasses> {
 public:
  ScaleShift(std::vector<double> a, std::vector<double> b)
      : factors(std::move(a)), terms(std::move(b)) {
    expect_size("scale_shift: number of terms", terms.size(), factors.size());
  }
  [[nodiscard]] std::string describe() const override { return "scale"; }
  [[nodiscard]] std::size_t parameter_count() const override {
    return factors.size() + terms.size();
  }
  [[nodiscard]] Blueprint blueprint() const override {
    return {.kind = "scale-shift", .numbers = {{"factors", factors}, {"terms", terms}}};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    if (factors.size() != inputs[0].channels && factors.size() != inputs[0].size()) {
      throw std::invalid_argument(
          fmt::format("it has {} factors for {} channels", factors.size(), inputs[0].channels));
    }
    return inputs[0];
  }

  std::vector<double> factors;
  std::vector<double> terms;
};

template <class Float>
ScaleShiftPasses<Float>::ScaleShiftPasses(const ScaleShift& layer,
                                          std::span<const FeatureShape> /*inputs*/)
    : factors_(layer.factors.size()), terms_(layer.terms.size()) {
  const auto cast = [](double value) { return static_cast<Float>(value); };
  std::ranges::transform(layer.factors, factors_.begin(), cast);
  std::ranges::transform(layer.terms, terms_.begin(), cast);
}

template <class Float>
class ReorderPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  ReorderPasses(const Reorder& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    for (std::size_t n = 0; n < y.rows; ++n) {
      for (std::size_t k = 0; k < order_.size(); ++k)
        y.row(n)[k] = inputs[0].row(n)[order_[k]];  // y_k = x_order(k)
    }
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> /*scratch*/) const override {
    for (std::size_t n = 0; n < dy.rows; ++n) {
      // forward: y_k = x_order(k), hence ∂J/∂x_order(k) += ∂J/∂y_k
      for (std::size_t k = 0; k < order_.size(); ++k) dinputs[0].row(n)[order_[k]] += dy.row(n)[k];
    }
  }

 private:
  std::vector<std::size_t> order_;
};

class Reorder final : public LayerOf<Reorder, ReorderPasses> {
 public:
  Reorder(std::vector<std::size_t> from, const FeatureShape& shape)
      : order(std::move(from)), to(shape) {
    expect_size("reorder: length of the order", order.size(), to.size());
  }
  [[nodiscard]] std::string describe() const override { return "reorder"; }
  [[nodiscard]] Blueprint blueprint() const override {
    return {.kind = "reorder", .numbers = {{"order", {order.begin(), order.end()}}}};
  }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> inputs) const override {
    const std::size_t channels = inputs[0].channels;
    const std::size_t pixels = inputs[0].height * inputs[0].width;
    for (std::size_t k = 0; k < order.size(); ++k) {
      if (order[k] != k % pixels * channels + k / pixels || to.channels != order.size())
        throw std::logic_error("reorder: it is no Flatten");
    }
    return {.name = "Flatten"};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    for (const std::size_t from : order) {
      if (from >= inputs[0].size()) throw std::invalid_argument("it takes what is not there");
    }
    return to;
  }

  std::vector<std::size_t> order;
  FeatureShape to;
};

template <class Float>
ReorderPasses<Float>::ReorderPasses(const Reorder& layer, std::span<const FeatureShape> /*inputs*/)
    : order_(layer.order) {}

}  // namespace

LayerPtr activate(Activation activation) { return std::make_shared<Activate>(activation); }

LayerPtr scale_shift(std::vector<double> factors, std::vector<double> terms) {
  return std::make_shared<ScaleShift>(std::move(factors), std::move(terms));
}

LayerPtr reorder(std::vector<std::size_t> order, const FeatureShape& shape) {
  return std::make_shared<Reorder>(std::move(order), shape);
}

}  // namespace gibbon::models
