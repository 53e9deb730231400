// SPDX-License-Identifier: MIT
// Pad: the input's numbers among others that are constant.
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class Pad;

template <class Float>
class PadPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  PadPasses(const Pad& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    std::ranges::fill(y.flat(), value_);
    for (std::size_t n = 0; n < y.rows; ++n) {
      for (std::size_t k = 0; k < places_.size(); ++k)
        y.row(n)[places_[k]] = inputs[0].row(n)[k];  // y_place(k) = x_k
    }
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> /*scratch*/) const override {
    for (std::size_t n = 0; n < dy.rows; ++n) {
      // forward: y_place(k) = x_k, hence ∂J/∂x_k += ∂J/∂y_place(k)
      for (std::size_t k = 0; k < places_.size(); ++k)
        dinputs[0].row(n)[k] += dy.row(n)[places_[k]];
    }
  }

 private:
  std::vector<std::size_t> places_;
  Float value_;
};

class Pad final : public LayerOf<Pad, PadPasses> {
 public:
  Pad(std::vector<std::size_t> at, const FeatureShape& shape, float number)
      : places(std::move(at)), to(shape), value(number) {}
  [[nodiscard]] std::string describe() const override { return "pad"; }
  [[nodiscard]] Blueprint blueprint() const override {
    return {.kind = "pad",
            .numbers = {{"places", {places.begin(), places.end()}},
                        {"value", {static_cast<double>(value)}}}};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    if (places.size() != inputs[0].size()) {
      throw std::invalid_argument(
          fmt::format("it places {} numbers, but {} arrive", places.size(), inputs[0].size()));
    }
    std::vector<bool> taken(to.size());
    for (const std::size_t place : places) {
      if (place >= to.size() || taken[place]) {
        throw std::invalid_argument("it places two numbers on one another, or one outside");
      }
      taken[place] = true;
    }
    return to;
  }

  std::vector<std::size_t> places;
  FeatureShape to;
  float value;
};

template <class Float>
PadPasses<Float>::PadPasses(const Pad& layer, std::span<const FeatureShape> /*inputs*/)
    : places_(layer.places), value_(static_cast<Float>(layer.value)) {}

}  // namespace

LayerPtr pad(std::vector<std::size_t> places, const FeatureShape& shape, float value) {
  return std::make_shared<Pad>(std::move(places), shape, value);
}

}  // namespace gibbon::models
