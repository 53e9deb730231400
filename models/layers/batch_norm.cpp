// SPDX-License-Identifier: MIT
#include <cmath>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class BatchNorm;

constexpr double kEpsilon = 1e-5;  // LibTorch's

/// What a pass normalises by, channel by channel, in double.
struct Spread {
  std::vector<double> mean;
  std::vector<double> inverse;   // 1 / sqrt(variance + ε)
  std::vector<double> variance;  // biased
  std::vector<double> first;     // sums of backward passes
  std::vector<double> second;

  void reset(std::size_t channels) {
    for (std::vector<double>* all : {&mean, &inverse, &variance, &first, &second})
      all->assign(channels, 0.0);
  }
};

/// Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 1. Until take(), by the running statistics, as
/// inference does; afterwards by the mean and the variance of the pass's own samples and places.
template <class Float>
class BatchNormPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  BatchNormPasses(const BatchNorm& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    if (taken_) return forward_in_training(inputs[0], y);
    for_pixels(y.flat().size(), [&](std::size_t k, std::size_t c) {
      y.data[k] = factors_[c] * inputs[0].data[k] + terms_[c];  // y = γ x̂ + β, folded
    });
  }

  void backward(Inputs inputs, RowsOf<const Float> /*y*/, RowsOf<const Float> dy, Gradients dinputs,
                std::span<Float> /*scratch*/) const override {
    const RowsOf<const Float> x = inputs[0];
    if (!taken_) {
      // forward: y = a x + b, hence ∂J/∂x += a ∂J/∂y
      for_pixels(dy.flat().size(), [&](std::size_t k, std::size_t c) {
        dinputs[0].data[k] += factors_[c] * dy.data[k];
      });
      return;
    }
    const Spread& s = spread_and_sums(x, dy);
    const double inverse_count = 1.0 / count(x);
    for_pixels(dy.flat().size(), [&](std::size_t k, std::size_t c) {
      // forward: x̂ = (x - mean(x)) / sqrt(var(x) + ε), y = γ x̂ + β, hence
      // ∂J/∂x += γ / sqrt(var + ε) · (∂J/∂y - mean(∂J/∂y) - x̂ mean(∂J/∂y x̂))
      const double hat = (static_cast<double>(x.data[k]) - s.mean[c]) * s.inverse[c];
      const double own =
          static_cast<double>(dy.data[k]) - (s.first[c] + hat * s.second[c]) * inverse_count;
      dinputs[0].data[k] +=
          static_cast<Float>(static_cast<double>(weight_[c]) * s.inverse[c] * own);
    });
  }

  void backward_parameters(Inputs inputs, RowsOf<const Float> dy, std::span<Float> gradient,
                           std::span<Float> /*scratch*/) const override {
    const Spread& s = spread_and_sums(inputs[0], dy);
    const std::size_t channels = weight_.size();
    const double m = count(inputs[0]);
    for (std::size_t c = 0; c < channels; ++c) {
      // forward: y = γ x̂ + β, hence ∂J/∂γ += Σ ∂J/∂y x̂ and ∂J/∂β += Σ ∂J/∂y
      gradient[c] += static_cast<Float>(s.second[c]);
      gradient[channels + c] += static_cast<Float>(s.first[c]);
      if (!taken_) continue;
      // What the running statistics follow: the mean, and the variance of a sample of m numbers.
      gradient[2 * channels + c] += static_cast<Float>(s.mean[c]);
      gradient[3 * channels + c] += static_cast<Float>(s.variance[c] * m / std::max(1.0, m - 1.0));
    }
  }

  void take(std::span<const Float> parameters) override {
    const std::size_t channels = weight_.size();
    expect_size("batch norm: number of parameters", parameters.size(), 4 * channels);
    std::ranges::copy(parameters.first(channels), weight_.begin());
    std::ranges::copy(parameters.subspan(channels, channels), bias_.begin());
    taken_ = true;
  }

 private:
  /// work(number, its channel) for numbers with the channels last.
  template <class Work>
  void for_pixels(std::size_t size, const Work& work) const {
    for (std::size_t k = 0; k < size; k += weight_.size()) {
      for (std::size_t c = 0; c < weight_.size(); ++c) work(k + c, c);
    }
  }

  [[nodiscard]] double count(RowsOf<const Float> x) const {
    return static_cast<double>(x.flat().size() / weight_.size());
  }

  /// Mean and variance of x per channel, in two walks; valid until the thread's next.
  [[nodiscard]] Spread& spread_of(RowsOf<const Float> x) const {
    thread_local Spread s;
    s.reset(weight_.size());
    if (!taken_) {
      std::ranges::copy(mean_, s.mean.begin());
      std::ranges::copy(inverse_, s.inverse.begin());
      return s;
    }
    const double inverse_count = 1.0 / count(x);
    for_pixels(x.flat().size(),
               [&](std::size_t k, std::size_t c) { s.mean[c] += static_cast<double>(x.data[k]); });
    for (double& mean : s.mean) mean *= inverse_count;
    for_pixels(x.flat().size(), [&](std::size_t k, std::size_t c) {
      const double away = static_cast<double>(x.data[k]) - s.mean[c];
      s.variance[c] += away * away;
    });
    for (std::size_t c = 0; c < weight_.size(); ++c) {
      s.variance[c] *= inverse_count;
      s.inverse[c] = 1.0 / std::sqrt(s.variance[c] + kEpsilon);
    }
    return s;
  }

  /// Also first = Σ ∂J/∂y and second = Σ ∂J/∂y x̂.
  [[nodiscard]] const Spread& spread_and_sums(RowsOf<const Float> x, RowsOf<const Float> dy) const {
    Spread& s = spread_of(x);
    for_pixels(x.flat().size(), [&](std::size_t k, std::size_t c) {
      const double hat = (static_cast<double>(x.data[k]) - s.mean[c]) * s.inverse[c];
      s.first[c] += static_cast<double>(dy.data[k]);
      s.second[c] += static_cast<double>(dy.data[k]) * hat;
    });
    return s;
  }

  void forward_in_training(RowsOf<const Float> x, RowsOf<Float> y) const {
    const Spread& s = spread_of(x);
    for_pixels(y.flat().size(), [&](std::size_t k, std::size_t c) {
      const double hat = (static_cast<double>(x.data[k]) - s.mean[c]) * s.inverse[c];
      y.data[k] =
          static_cast<Float>(static_cast<double>(weight_[c]) * hat + static_cast<double>(bias_[c]));
    });
  }

  std::vector<Float> weight_;  // γ
  std::vector<Float> bias_;    // β
  std::vector<double> mean_;   // running
  std::vector<double> inverse_;
  std::vector<Float> factors_;  // γ / sqrt(var + ε), β - mean · that: as a file's are folded
  std::vector<Float> terms_;
  bool taken_ = false;
};

class BatchNorm final : public LayerOf<BatchNorm, BatchNormPasses> {
 public:
  explicit BatchNorm(std::vector<float> all) : values(std::move(all)) {}

  [[nodiscard]] std::size_t channels() const { return values.size() / 4; }
  [[nodiscard]] std::span<const float> part(std::size_t k) const {
    return std::span(values).subspan(k * channels(), channels());
  }

  [[nodiscard]] std::string describe() const override { return "batch norm"; }
  [[nodiscard]] std::size_t parameter_count() const override { return values.size(); }
  [[nodiscard]] std::vector<Parameter> parameters() const override {
    return {{"weight", {channels()}, part(0), Role::kLearned},
            {"bias", {channels()}, part(1), Role::kLearned},
            {"running_mean", {channels()}, part(2), Role::kStatistic},
            {"running_var", {channels()}, part(3), Role::kStatistic}};
  }
  [[nodiscard]] LayerPtr with(std::span<const float> parameters) const override {
    expect_size("batch norm: number of parameters", parameters.size(), values.size());
    return std::make_shared<BatchNorm>(std::vector<float>(parameters.begin(), parameters.end()));
  }
  [[nodiscard]] Blueprint blueprint() const override { return {.kind = "batch-norm"}; }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> /*inputs*/) const override {
    FileOperator out{.name = "BatchNormalization"};
    for (const Parameter& p : parameters())
      out.constants.push_back({p.name, p.dims, {p.values.begin(), p.values.end()}});
    return out;  // epsilon = 1e-5 is its default
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    if (channels() != inputs[0].channels) {
      throw std::invalid_argument(
          fmt::format("it has {} channels, but {} arrive", channels(), inputs[0].channels));
    }
    return inputs[0];
  }

  std::vector<float> values;  // γ, β, running mean and variance of every channel
};

template <class Float>
BatchNormPasses<Float>::BatchNormPasses(const BatchNorm& layer,
                                        std::span<const FeatureShape> /*inputs*/)
    : weight_(layer.part(0).begin(), layer.part(0).end()),
      bias_(layer.part(1).begin(), layer.part(1).end()),
      mean_(layer.part(2).begin(), layer.part(2).end()) {
  for (std::size_t c = 0; c < layer.channels(); ++c) {
    // A file has ε in float32.
    const double spread = static_cast<double>(layer.part(3)[c]) + static_cast<double>(1e-5F);
    const double factor = static_cast<double>(layer.part(0)[c]) / std::sqrt(spread);
    inverse_.push_back(1.0 / std::sqrt(spread));
    factors_.push_back(static_cast<Float>(factor));
    terms_.push_back(static_cast<Float>(static_cast<double>(layer.part(1)[c]) - factor * mean_[c]));
  }
}

}  // namespace

LayerPtr batch_norm(std::size_t channels) {
  std::vector<float> values(4 * channels, 0.0F);  // β = 0, mean 0
  std::fill_n(values.begin(), channels, 1.0F);    // γ = 1
  std::fill_n(values.end() - static_cast<std::ptrdiff_t>(channels), channels, 1.0F);  // variance 1
  return std::make_shared<BatchNorm>(std::move(values));
}

}  // namespace gibbon::models
