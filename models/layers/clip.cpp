// SPDX-License-Identifier: MIT
// Clip: holds every number between two borders, as ReLU6 and hard sigmoid do.
#include <cmath>
#include <fmt/format.h>
#include <stdexcept>

#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class Clip;

template <class Float>
class ClipPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  ClipPasses(const Clip& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    for (std::size_t k = 0; k < y.flat().size(); ++k) {
      const Float x = inputs[0].data[k];
      y.data[k] = x < low_ ? low_ : x > high_ ? high_ : x;  // y = min(max(x, low), high)
    }
  }

  void backward(Inputs inputs, RowsOf<const Float> /*y*/, RowsOf<const Float> dy, Gradients dinputs,
                std::span<Float> /*scratch*/) const override {
    // forward: y = min(max(x, low), high), hence ∂J/∂x += ∂J/∂y between them, 0 on them
    for (std::size_t k = 0; k < dy.flat().size(); ++k) {
      const Float x = inputs[0].data[k];
      if (x > low_ && x < high_) dinputs[0].data[k] += dy.data[k];
    }
  }

  [[nodiscard]] bool near_kink(std::span<const Float> z, double tolerance) const override {
    double largest = 0.0;
    for (const Float value : z) largest = std::max(largest, std::abs(static_cast<double>(value)));
    return std::ranges::any_of(z, [&](Float value) {
      const double least = std::min(std::abs(static_cast<double>(value - low_)),
                                    std::abs(static_cast<double>(value - high_)));
      return least <= tolerance * largest;
    });
  }

 private:
  Float low_;
  Float high_;
};

class Clip final : public LayerOf<Clip, ClipPasses> {
 public:
  Clip(float least, float most) : low(least), high(most) {
    if (!(low <= high)) {
      throw std::invalid_argument(fmt::format("it clips to {} … {}, which is empty", low, high));
    }
  }
  [[nodiscard]] std::string describe() const override {
    return fmt::format("clip {} … {}", low, high);
  }
  [[nodiscard]] Blueprint blueprint() const override {
    return {
        .kind = "clip",
        .numbers = {{"low", {static_cast<double>(low)}}, {"high", {static_cast<double>(high)}}}};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    return inputs[0];
  }

  float low;
  float high;
};

template <class Float>
ClipPasses<Float>::ClipPasses(const Clip& layer, std::span<const FeatureShape> /*inputs*/)
    : low_(static_cast<Float>(layer.low)), high_(static_cast<Float>(layer.high)) {}

}  // namespace

LayerPtr clip(float low, float high) { return std::make_shared<Clip>(low, high); }

}  // namespace gibbon::models
