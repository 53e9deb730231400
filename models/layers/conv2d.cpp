// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/kernels/gemm.hpp"
#include "models/layers.hpp"
#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class Conv2d;

/// A convolution is a product: every place of the window, laid out as a row, times W^T. The rows of
/// all samples are cut into blocks of 64, the number at which kernels::multiply() wastes nothing.
template <class Float>
class Conv2dPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  Conv2dPasses(const Conv2d& layer, std::span<const FeatureShape> inputs);

  [[nodiscard]] std::size_t scratch(std::size_t /*rows*/) const override {
    return kBlock * (patch() + group_outputs());
  }

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> scratch) const override {
    const RowsOf<Float> patches{scratch.data(), kBlock, patch()};
    const RowsOf<Float> sums{scratch.data() + kBlock * patch(), kBlock, group_outputs()};
    for_blocks(y.rows, [&](std::size_t first, std::size_t count) {
      for (std::size_t g = 0; g < groups_; ++g) {
        for (std::size_t k = 0; k < count; ++k) gather(inputs[0], first + k, g, patches.row(k));
        // z = Σ W x over the window
        kernels::multiply(patches.slice(0, count), turned_[g].view(), sums.slice(0, count));
        for (std::size_t k = 0; k < count; ++k) {
          Float* out = y.data + (first + k) * output_.channels + g * group_outputs();
          for (std::size_t o = 0; o < group_outputs(); ++o) {
            out[o] = sums.row(k)[o] + bias_[g * group_outputs() + o];
          }
        }
      }
    });
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> scratch) const override {
    const RowsOf<Float> patches{scratch.data(), kBlock, patch()};
    const RowsOf<Float> sums{scratch.data() + kBlock * patch(), kBlock, group_outputs()};
    for_blocks(dy.rows, [&](std::size_t first, std::size_t count) {
      for (std::size_t g = 0; g < groups_; ++g) {
        take_outputs(dy, first, g, sums.slice(0, count));
        // forward: z = Σ W x over the window, hence ∂J/∂x += W^T ∂J/∂z for every place of it
        kernels::multiply(sums.slice(0, count), weight_[g].view(), patches.slice(0, count));
        for (std::size_t k = 0; k < count; ++k) scatter(patches.row(k), first + k, g, dinputs[0]);
      }
    });
  }

  void backward_parameters(Inputs inputs, RowsOf<const Float> dy, std::span<Float> gradient,
                           std::span<Float> scratch) const override {
    const RowsOf<Float> patches{scratch.data(), kBlock, patch()};
    const RowsOf<Float> sums{scratch.data() + kBlock * patch(), kBlock, group_outputs()};
    const RowsOf<Float> dw{gradient.data(), output_.channels, patch()};
    for_blocks(dy.rows, [&](std::size_t first, std::size_t count) {
      for (std::size_t g = 0; g < groups_; ++g) {
        for (std::size_t k = 0; k < count; ++k) gather(inputs[0], first + k, g, patches.row(k));
        take_outputs(dy, first, g, sums.slice(0, count));
        // forward: z = Σ W x over the window, hence ∂J/∂W += ∂J/∂z x^T for every place of it
        kernels::add_multiply_at(sums.slice(0, count), patches.slice(0, count),
                                 dw.slice(g * group_outputs(), group_outputs()));
      }
    });
    // forward: z = … + b at every place, hence ∂J/∂b += ∂J/∂z
    add_bias_backward({dy.data, dy.rows * places(), output_.channels},
                      gradient.subspan(dw.flat().size()));
  }

  void take(std::span<const Float> parameters) override {
    expect_size("conv2d: number of parameters", parameters.size(),
                output_.channels * (patch() + 1));
    for (std::size_t g = 0; g < groups_; ++g) {
      const std::size_t size = group_outputs() * patch();
      std::ranges::copy(parameters.subspan(g * size, size), weight_[g].flat().begin());
    }
    std::ranges::copy(parameters.subspan(output_.channels * patch()), bias_.begin());
    turn();
  }

 private:
  static constexpr std::size_t kBlock = 64;

  [[nodiscard]] std::size_t places() const { return output_.height * output_.width; }
  [[nodiscard]] std::size_t group_inputs() const { return input_.channels / groups_; }
  [[nodiscard]] std::size_t group_outputs() const { return output_.channels / groups_; }
  [[nodiscard]] std::size_t patch() const {
    return window_.height * window_.width * group_inputs();
  }

  template <class Work>
  void for_blocks(std::size_t rows, const Work& work) const {
    const std::size_t all = rows * places();
    for (std::size_t first = 0; first < all; first += kBlock) {
      work(first, std::min(kBlock, all - first));
    }
  }

  /// The outputs of group g at as many places as `out` has rows.
  void take_outputs(RowsOf<const Float> dy, std::size_t first, std::size_t g,
                    RowsOf<Float> out) const {
    for (std::size_t k = 0; k < out.rows; ++k) {
      const Float* from = dy.data + (first + k) * output_.channels + g * group_outputs();
      std::copy_n(from, group_outputs(), out.row(k).begin());
    }
  }

  /// Calls work(place in the sample's row, place in the patch) for every pixel of the window inside
  /// the image.
  template <class Inside, class Outside>
  void walk(std::size_t place, std::size_t g, const Inside& inside, const Outside& outside) const {
    const std::size_t y = place / output_.width * window_.stride_y;
    const std::size_t x = place % output_.width * window_.stride_x;
    std::size_t at = 0;
    for (std::size_t i = 0; i < window_.height; ++i) {
      const std::size_t h = y + i * window_.dilation_y;
      for (std::size_t j = 0; j < window_.width; ++j, at += group_inputs()) {
        const std::size_t w = x + j * window_.dilation_x;
        if (h < window_.top || h >= window_.top + input_.height || w < window_.left ||
            w >= window_.left + input_.width) {
          outside(at);
          continue;
        }
        inside(((h - window_.top) * input_.width + (w - window_.left)) * input_.channels +
                   g * group_inputs(),
               at);
      }
    }
  }

  void gather(RowsOf<const Float> x, std::size_t row, std::size_t g, std::span<Float> out) const {
    const Float* sample = x.data + row / places() * x.cols;
    const std::size_t count = group_inputs();
    walk(
        row % places(), g,
        [&](std::size_t from, std::size_t at) {
          std::copy_n(sample + from, count, out.data() + at);
        },
        [&](std::size_t at) { std::fill_n(out.data() + at, count, Float{0}); });
  }

  void scatter(std::span<const Float> patch, std::size_t row, std::size_t g,
               RowsOf<Float> dx) const {
    Float* sample = dx.data + row / places() * dx.cols;
    const std::size_t count = group_inputs();
    walk(
        row % places(), g,
        [&](std::size_t to, std::size_t at) {
          for (std::size_t c = 0; c < count; ++c) sample[to + c] += patch[at + c];
        },
        [](std::size_t) {});
  }

  void turn() {
    for (std::size_t g = 0; g < groups_; ++g) {
      kernels::transpose(std::as_const(weight_[g]).view(), turned_[g].view());
    }
  }

  Window window_;
  std::size_t groups_;
  FeatureShape input_;
  FeatureShape output_;
  std::vector<TensorOf<Float>> weight_;  // of each group: (O / groups) × patch
  std::vector<TensorOf<Float>> turned_;  // transposed
  std::vector<Float> bias_;
};

class Conv2d final : public LayerOf<Conv2d, Conv2dPasses> {
 public:
  Conv2d(const Window& places, std::size_t count, Tensor w, std::vector<float> b)
      : window(places), groups(count), weight(std::move(w)), bias(std::move(b)) {
    expect_size("conv2d: length of the bias", bias.size(), weight.rows());
  }

  [[nodiscard]] std::string describe() const override {
    return fmt::format("conv {}: {}{}", weight.rows(), window.text(),
                       groups == 1 ? "" : fmt::format(", {} groups", groups));
  }
  [[nodiscard]] std::string brief() const override { return fmt::format("conv{}", weight.rows()); }
  [[nodiscard]] std::size_t parameter_count() const override {
    return weight.flat().size() + bias.size();
  }
  [[nodiscard]] std::vector<Parameter> parameters() const override {
    const std::size_t channels = weight.cols() / (window.height * window.width);
    return {{"weight",
             {weight.rows(), window.height, window.width, channels},
             weight.flat(),
             Role::kDecayed},
            {"bias", {bias.size()}, bias, Role::kLearned}};
  }
  [[nodiscard]] LayerPtr with(std::span<const float> parameters) const override {
    expect_size("conv2d: number of parameters", parameters.size(), parameter_count());
    Tensor w(weight.rows(), weight.cols());
    std::ranges::copy(parameters.first(w.flat().size()), w.flat().begin());
    const auto b = parameters.subspan(w.flat().size());
    return std::make_shared<Conv2d>(window, groups, std::move(w),
                                    std::vector<float>(b.begin(), b.end()));
  }
  [[nodiscard]] Blueprint blueprint() const override {
    return {
        .kind = "conv2d", .window = window, .numbers = {{"groups", {static_cast<double>(groups)}}}};
  }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> /*inputs*/) const override {
    const std::size_t pixels = window.height * window.width;
    const std::size_t channels = weight.cols() / pixels;
    std::vector<float> turned(weight.flat().size());  // O × channels × rows × columns
    for (std::size_t k = 0; k < turned.size(); ++k) {
      const std::size_t o = k / weight.cols();
      const std::size_t at = k % weight.cols();
      turned[k] = weight.row(o)[at % pixels * channels + at / pixels];
    }
    FileOperator out{
        .name = "Conv",
        .constants = {{"weight", {weight.rows(), channels, window.height, window.width}, turned},
                      {"bias", {bias.size()}, bias}},
        .attributes = window.attributes()};
    if (groups != 1) out.attributes.emplace_back("group", static_cast<std::int64_t>(groups));
    return out;
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    const std::size_t channels = inputs[0].channels;
    if (groups == 0 || channels % groups != 0 || weight.rows() % groups != 0) {
      throw std::invalid_argument(fmt::format("{} groups do not divide {} inputs and {} outputs",
                                              groups, channels, weight.rows()));
    }
    const std::size_t wanted = weight.cols() / (window.height * window.width) * groups;
    if (wanted != channels) {
      throw std::invalid_argument(
          fmt::format("its weight takes {} channels, but {} arrive", wanted, channels));
    }
    return window.places(inputs[0], weight.rows());
  }

  Window window;
  std::size_t groups;
  Tensor weight;  // O × (height · width · C / groups)
  std::vector<float> bias;
};

template <class Float>
Conv2dPasses<Float>::Conv2dPasses(const Conv2d& layer, std::span<const FeatureShape> inputs)
    : window_(layer.window),
      groups_(layer.groups),
      input_(inputs[0]),
      output_(layer.shape(inputs)),
      bias_(layer.bias.begin(), layer.bias.end()) {
  for (std::size_t g = 0; g < groups_; ++g) {
    TensorOf<Float>& weight = weight_.emplace_back(group_outputs(), patch());
    std::ranges::copy(layer.weight.view().slice(g * group_outputs(), group_outputs()).flat(),
                      weight.flat().begin());
    turned_.emplace_back(patch(), group_outputs());
  }
  turn();
}

}  // namespace

LayerPtr conv2d(const Window& window, std::size_t groups, Tensor weight, std::vector<float> bias) {
  return std::make_shared<Conv2d>(window, groups, std::move(weight), std::move(bias));
}

}  // namespace gibbon::models
