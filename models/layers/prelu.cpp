// SPDX-License-Identifier: MIT
// PReLU: a leaky ReLU with a trained slope for every channel, He et al. 2015, arXiv:1502.01852.
#include <cmath>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class PRelu;

template <class Float>
class PReluPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  PReluPasses(const PRelu& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    const std::size_t period = slopes_.size();
    for (std::size_t k = 0; k < y.flat().size(); k += period) {
      for (std::size_t c = 0; c < period; ++c) {
        const Float x = inputs[0].data[k + c];
        y.data[k + c] = x > Float{0} ? x : slopes_[c] * x;  // y = x if x > 0, else a x
      }
    }
  }

  void backward(Inputs inputs, RowsOf<const Float> /*y*/, RowsOf<const Float> dy, Gradients dinputs,
                std::span<Float> /*scratch*/) const override {
    const std::size_t period = slopes_.size();
    for (std::size_t k = 0; k < dy.flat().size(); k += period) {
      // forward: y = x if x > 0, else a x, hence ∂J/∂x += ∂J/∂y or a ∂J/∂y
      for (std::size_t c = 0; c < period; ++c) {
        const Float slope = inputs[0].data[k + c] > Float{0} ? Float{1} : slopes_[c];
        dinputs[0].data[k + c] += slope * dy.data[k + c];
      }
    }
  }

  [[nodiscard]] bool near_kink(std::span<const Float> z, double tolerance) const override {
    double largest = 0.0;
    for (const Float value : z) largest = std::max(largest, std::abs(static_cast<double>(value)));
    return std::ranges::any_of(z, [&](Float value) {
      return std::abs(static_cast<double>(value)) <= tolerance * largest;
    });
  }

 private:
  std::vector<Float> slopes_;
};

class PRelu final : public LayerOf<PRelu, PReluPasses> {
 public:
  explicit PRelu(std::vector<float> a) : slopes(std::move(a)) {}
  [[nodiscard]] std::string describe() const override { return "prelu"; }
  [[nodiscard]] Blueprint blueprint() const override {
    return {.kind = "prelu", .numbers = {{"slopes", {slopes.begin(), slopes.end()}}}};
  }
  [[nodiscard]] std::size_t parameter_count() const override { return slopes.size(); }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    if (slopes.size() != inputs[0].channels && slopes.size() != inputs[0].size()) {
      throw std::invalid_argument(
          fmt::format("it has {} slopes for {} channels", slopes.size(), inputs[0].channels));
    }
    return inputs[0];
  }

  std::vector<float> slopes;
};

template <class Float>
PReluPasses<Float>::PReluPasses(const PRelu& layer, std::span<const FeatureShape> /*inputs*/)
    : slopes_(layer.slopes.begin(), layer.slopes.end()) {}

}  // namespace

LayerPtr prelu(std::vector<float> slopes) { return std::make_shared<PRelu>(std::move(slopes)); }

}  // namespace gibbon::models
