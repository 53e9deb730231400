// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "models/kernels/gemm.hpp"
#include "models/kernels/runs.hpp"
#include "models/layers.hpp"
#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class Conv2d;

/// A convolution is a product: every place of the window, read as a row, times W^T. The rows are
/// read where they lie, in a copy of the sample with its padding.
template <class Float>
class Conv2dPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  Conv2dPasses(const Conv2d& layer, std::span<const FeatureShape> inputs);

  [[nodiscard]] std::size_t scratch(std::size_t /*rows*/) const override {
    return std::max({samples_at_once() * padded_.size(), kBackward * patch(),
                     samples_at_once() * padded_.size() + kParameters * vectors() +
                         groups_ * patch() * vectors()});
  }

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> scratch) const override {
    std::array<const Float*, kForward> bases{};
    for (std::size_t n = 0; n < y.rows; n += samples_at_once()) {
      const std::size_t samples = std::min(samples_at_once(), y.rows - n);
      const Float* from = with_padding(inputs[0].slice(n, samples), scratch);
      for (std::size_t first = 0; first < samples * places(); first += kForward) {
        const std::size_t count = std::min(kForward, samples * places() - first);
        Float* out = y.row(n).data() + first * output_.channels;
        for (std::size_t g = 0; g < groups_; ++g) {
          for (std::size_t k = 0; k < count; ++k) {
            bases[k] = from + start_of(first + k) + g * group_inputs();
          }
          // z = Σ W x over the window, + b
          kernels::multiply_runs({std::span(bases).first(count), starts_, run_}, turned_[g],
                                 bias_of(g), out + g * group_outputs(), output_.channels);
        }
      }
    }
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> scratch) const override {
    constexpr std::array<std::size_t, 1> kStart{0};
    const RowsOf<Float> patches{scratch.data(), kBackward, patch()};
    std::array<const Float*, kBackward> bases{};
    for_blocks(dy.rows, kBackward, [&](std::size_t first, std::size_t count) {
      for (std::size_t g = 0; g < groups_; ++g) {
        for (std::size_t k = 0; k < count; ++k) {
          bases[k] = dy.data + (first + k) * output_.channels + g * group_outputs();
        }
        // forward: z = Σ W x over the window, hence ∂J/∂x += W^T ∂J/∂z for every place of it
        kernels::multiply_runs({std::span(bases).first(count), kStart, group_outputs()}, weight_[g],
                               {}, patches.data, patch());
        for (std::size_t k = 0; k < count; ++k) scatter(patches.row(k), first + k, g, dinputs[0]);
      }
    });
  }

  void backward_parameters(Inputs inputs, RowsOf<const Float> dy, std::span<Float> gradient,
                           std::span<Float> scratch) const override {
    // What lies where: samples with their padding, outputs in whole vectors, ∂J/∂W^T of each group.
    const std::span<Float> samples = scratch.first(samples_at_once() * padded_.size());
    const RowsOf<Float> outputs{samples.data() + samples.size(), kParameters, vectors()};
    const RowsOf<Float> sums{outputs.data + outputs.flat().size(), groups_ * patch(), vectors()};
    std::ranges::fill(sums.flat(), Float{0});
    std::ranges::fill(outputs.flat(), Float{0});
    std::array<const Float*, kParameters> bases{};
    for (std::size_t n = 0; n < dy.rows; n += samples_at_once()) {
      const std::size_t count = std::min(samples_at_once(), dy.rows - n);
      const Float* from = with_padding(inputs[0].slice(n, count), samples);
      for_blocks(count, kParameters, [&](std::size_t first, std::size_t block) {
        for (std::size_t g = 0; g < groups_; ++g) {
          for (std::size_t k = 0; k < block; ++k) {
            bases[k] = from + start_of(first + k) + g * group_inputs();
          }
          const bool whole = group_outputs() == vectors();
          const RowsOf<const Float> part = dy.slice(n, count);
          if (!whole) take_outputs(part, first, g, outputs.slice(0, block));
          // forward: z = Σ W x over the window, hence ∂J/∂W^T += x ∂J/∂z^T for every place of it
          kernels::add_outer_runs(
              {std::span(bases).first(block), starts_, run_},
              whole ? part.data + first * output_.channels + g * group_outputs() : outputs.data,
              whole ? output_.channels : vectors(), sums.slice(g * patch(), patch()));
        }
      });
    }
    const RowsOf<Float> dw{gradient.data(), output_.channels, patch()};
    for (std::size_t o = 0; o < output_.channels; ++o) {
      const std::size_t g = o / group_outputs();
      for (std::size_t k = 0; k < patch(); ++k) {
        dw.row(o)[k] += sums.row(g * patch() + k)[o - g * group_outputs()];
      }
    }
    // forward: z = … + b at every place, hence ∂J/∂b += ∂J/∂z
    add_bias_backward({dy.data, dy.rows * places(), output_.channels},
                      gradient.subspan(dw.flat().size()));
  }

  void take(std::span<const Float> parameters) override {
    expect_size("conv2d: number of parameters", parameters.size(),
                output_.channels * (patch() + 1));
    const std::size_t weights = output_.channels * patch();
    pack({parameters.data(), output_.channels, patch()});
    std::ranges::copy(parameters.subspan(weights), bias_.begin());
  }

 private:
  // Places of a block: what a panel of weights is read for while it is in the cache, and what the
  // cache holds of their rows.
  static constexpr std::size_t kForward = 96;
  static constexpr std::size_t kBackward = 24;
  static constexpr std::size_t kParameters = 128;

  [[nodiscard]] std::size_t places() const { return output_.height * output_.width; }
  [[nodiscard]] std::size_t group_inputs() const { return input_.channels / groups_; }
  [[nodiscard]] std::size_t group_outputs() const { return output_.channels / groups_; }
  /// The outputs of a group in whole vectors.
  [[nodiscard]] std::size_t vectors() const {
    constexpr std::size_t kLanes = kernels::PanelsOf<Float>::kLanes;
    return (group_outputs() + kLanes - 1) / kLanes * kLanes;
  }
  [[nodiscard]] std::size_t patch() const {
    return window_.height * window_.width * group_inputs();
  }

  /// Enough to fill a block, however small they are.
  [[nodiscard]] std::size_t samples_at_once() const { return (kForward - 1) / places() + 1; }
  [[nodiscard]] std::span<const Float> bias_of(std::size_t g) const {
    return std::span(bias_).subspan(g * group_outputs(), group_outputs());
  }

  template <class Work>
  void for_blocks(std::size_t rows, std::size_t block, const Work& work) const {
    const std::size_t all = rows * places();
    for (std::size_t first = 0; first < all; first += block) {
      work(first, std::min(block, all - first));
    }
  }

  /// Where the window's first pixel lies in samples with padding, one after the other.
  [[nodiscard]] std::size_t start_of(std::size_t place) const {
    return place / places() * padded_.size() + place_starts_[place % places()];
  }

  /// x itself where there is no padding.
  const Float* with_padding(RowsOf<const Float> x, std::span<Float> scratch) const {
    if (padded_ == input_) return x.data;
    std::ranges::fill(scratch.first(x.rows * padded_.size()), Float{0});
    const std::size_t row = input_.width * input_.channels;
    for (std::size_t n = 0; n < x.rows; ++n) {
      for (std::size_t h = 0; h < input_.height; ++h) {
        const std::size_t to = (h + window_.top) * padded_.width + window_.left;
        std::copy_n(x.row(n).data() + h * row, row,
                    scratch.data() + n * padded_.size() + to * padded_.channels);
      }
    }
    return scratch.data();
  }

  /// The outputs of group g at as many places as `out` has rows, in the first of its columns.
  void take_outputs(RowsOf<const Float> dy, std::size_t first, std::size_t g,
                    RowsOf<Float> out) const {
    for (std::size_t k = 0; k < out.rows; ++k) {
      const Float* from = dy.data + (first + k) * output_.channels + g * group_outputs();
      std::copy_n(from, group_outputs(), out.row(k).begin());
    }
  }

  /// Calls work(place in the sample's row, place in the patch) for every pixel of the window inside
  /// the image.
  template <class Inside>
  void walk(std::size_t place, std::size_t g, const Inside& inside) const {
    const std::size_t y = place / output_.width * window_.stride_y;
    const std::size_t x = place % output_.width * window_.stride_x;
    std::size_t at = 0;
    for (std::size_t i = 0; i < window_.height; ++i) {
      const std::size_t h = y + i * window_.dilation_y;
      for (std::size_t j = 0; j < window_.width; ++j, at += group_inputs()) {
        const std::size_t w = x + j * window_.dilation_x;
        if (h < window_.top || h >= window_.top + input_.height || w < window_.left ||
            w >= window_.left + input_.width) {
          continue;
        }
        inside(((h - window_.top) * input_.width + (w - window_.left)) * input_.channels +
                   g * group_inputs(),
               at);
      }
    }
  }

  void scatter(std::span<const Float> patch, std::size_t row, std::size_t g,
               RowsOf<Float> dx) const {
    Float* sample = dx.data + row / places() * dx.cols;
    if (in_whole_rows()) return scatter_rows(patch, row % places(), sample);
    const std::size_t count = group_inputs();
    walk(row % places(), g, [&](std::size_t to, std::size_t at) {
      kernels::add_to(sample + to, patch.data() + at, count);
    });
  }

  /// A row of the window lies together in the image.
  [[nodiscard]] bool in_whole_rows() const { return groups_ == 1 && window_.dilation_x == 1; }

  void scatter_rows(std::span<const Float> patch, std::size_t place, Float* sample) const {
    const std::size_t y = place / output_.width * window_.stride_y;
    const std::size_t x = place % output_.width * window_.stride_x;
    // Columns of the window inside the image.
    const std::size_t begin = std::min(window_.width, window_.left - std::min(window_.left, x));
    const std::size_t end = std::min(
        window_.width, window_.left + input_.width - std::min(x, window_.left + input_.width));
    if (begin >= end) return;
    for (std::size_t i = 0; i < window_.height; ++i) {
      const std::size_t h = y + i * window_.dilation_y;
      if (h < window_.top || h >= window_.top + input_.height) continue;
      const std::size_t to = (h - window_.top) * input_.width + x + begin - window_.left;
      kernels::add_to(sample + to * input_.channels,
                      patch.data() + (i * window_.width + begin) * input_.channels,
                      (end - begin) * input_.channels);
    }
  }

  /// W: O rows of a patch each.
  void pack(RowsOf<const Float> weight) {
    TensorOf<Float> turned(patch(), group_outputs());
    for (std::size_t g = 0; g < groups_; ++g) {
      const RowsOf<const Float> part = weight.slice(g * group_outputs(), group_outputs());
      weight_[g].pack(part);
      kernels::transpose(part, turned.view());
      turned_[g].pack(std::as_const(turned).view());
    }
  }

  Window window_;
  std::size_t groups_;
  FeatureShape input_;
  FeatureShape output_;
  FeatureShape padded_;                           // of the input
  std::vector<std::size_t> place_starts_;         // of the window of every place, in one sample
  std::vector<std::size_t> starts_;               // of what lies together of a window
  std::size_t run_ = 0;                           // and how long that is
  std::vector<kernels::PanelsOf<Float>> weight_;  // of each group: (O / groups) × patch
  std::vector<kernels::PanelsOf<Float>> turned_;  // transposed
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
  [[nodiscard]] Blueprint blueprint() const override {
    return {
        .kind = "conv2d", .window = window, .numbers = {{"groups", {static_cast<double>(groups)}}}};
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
      padded_{.height = input_.height + window_.top + window_.bottom,
              .width = input_.width + window_.left + window_.right,
              .channels = input_.channels},
      weight_(groups_),
      turned_(groups_),
      bias_(layer.bias.begin(), layer.bias.end()) {
  for (std::size_t i = 0; i < window_.height; ++i) {
    const std::size_t row = i * window_.dilation_y * padded_.width * padded_.channels;
    if (in_whole_rows()) {
      starts_.push_back(row);
      continue;
    }
    for (std::size_t j = 0; j < window_.width; ++j) {
      starts_.push_back(row + j * window_.dilation_x * padded_.channels);
    }
  }
  for (std::size_t h = 0; h < output_.height; ++h) {
    for (std::size_t w = 0; w < output_.width; ++w) {
      place_starts_.push_back((h * window_.stride_y * padded_.width + w * window_.stride_x) *
                              padded_.channels);
    }
  }
  run_ = in_whole_rows() ? window_.width * input_.channels : group_inputs();
  TensorOf<Float> weight(layer.weight.rows(), layer.weight.cols());
  std::ranges::copy(layer.weight.flat(), weight.flat().begin());
  pack(std::as_const(weight).view());
}

}  // namespace

LayerPtr conv2d(const Window& window, std::size_t groups, Tensor weight, std::vector<float> bias) {
  return std::make_shared<Conv2d>(window, groups, std::move(weight), std::move(bias));
}

}  // namespace gibbon::models
