// SPDX-License-Identifier: MIT
// Where branches meet: a sum, and channels side by side.
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class Add;
class Concat;

template <class Float>
class AddPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  AddPasses(const Add& /*layer*/, std::span<const FeatureShape> /*inputs*/) {}

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    std::ranges::copy(inputs[0].flat(), y.data);
    for (const RowsOf<const Float>& x : inputs.subspan(1)) {
      for (std::size_t k = 0; k < y.flat().size(); ++k) y.data[k] += x.data[k];  // y = Σ x
    }
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> /*scratch*/) const override {
    for (const RowsOf<Float>& dx : dinputs) {
      // forward: y = Σ x, hence ∂J/∂x += ∂J/∂y
      for (std::size_t k = 0; k < dy.flat().size(); ++k) dx.data[k] += dy.data[k];
    }
  }
};

class Add final : public LayerOf<Add, AddPasses> {
 public:
  [[nodiscard]] std::string describe() const override { return "add"; }
  [[nodiscard]] Blueprint blueprint() const override { return {.kind = "add"}; }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> inputs) const override {
    if (inputs.size() != 2) throw std::logic_error("add: a file adds two");
    return {.name = "Add"};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    for (const FeatureShape& input : inputs) {
      if (input != inputs[0]) {
        throw std::invalid_argument(
            fmt::format("it adds {} and {}", inputs[0].text(), input.text()));
      }
    }
    return inputs[0];
  }
};

template <class Float>
class ConcatPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  ConcatPasses(const Concat& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    std::size_t before = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const std::size_t own = channels_[k];
      for (std::size_t p = 0; p < y.rows * pixels_; ++p) {
        std::copy_n(inputs[k].data + p * own, own,
                    y.data + p * total_ + before);  // y = (x0, x1, …)
      }
      before += own;
    }
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> /*scratch*/) const override {
    std::size_t before = 0;
    for (std::size_t k = 0; k < dinputs.size(); ++k) {
      const std::size_t own = channels_[k];
      for (std::size_t p = 0; p < dy.rows * pixels_; ++p) {
        // forward: y = (x0, x1, …), hence ∂J/∂x_k += the part of ∂J/∂y that is its own
        for (std::size_t c = 0; c < own; ++c)
          dinputs[k].data[p * own + c] += dy.data[p * total_ + before + c];
      }
      before += own;
    }
  }

 private:
  std::size_t pixels_ = 1;
  std::size_t total_ = 0;
  std::vector<std::size_t> channels_;
};

class Concat final : public LayerOf<Concat, ConcatPasses> {
 public:
  [[nodiscard]] std::string describe() const override { return "concat"; }
  [[nodiscard]] Blueprint blueprint() const override { return {.kind = "concat"}; }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    FeatureShape out = inputs[0];
    out.channels = 0;
    for (const FeatureShape& input : inputs) {
      if (input.height != out.height || input.width != out.width) {
        throw std::invalid_argument(
            fmt::format("it joins {} and {}", inputs[0].text(), input.text()));
      }
      out.channels += input.channels;
    }
    return out;
  }
};

template <class Float>
ConcatPasses<Float>::ConcatPasses(const Concat& /*layer*/, std::span<const FeatureShape> inputs)
    : pixels_(inputs[0].height * inputs[0].width) {
  for (const FeatureShape& input : inputs) {
    channels_.push_back(input.channels);
    total_ += input.channels;
  }
}

}  // namespace

LayerPtr add() { return std::make_shared<Add>(); }
LayerPtr concat() { return std::make_shared<Concat>(); }

}  // namespace gibbon::models
