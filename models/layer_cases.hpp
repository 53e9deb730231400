// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "models/layer.hpp"

// Every layer in every way that it can be laid out, for tests: finite differences and LibTorch walk
// the same list.
namespace gibbon::models::layer_cases {

inline constexpr std::size_t kSamples = 3;

template <class Float>
TensorOf<Float> drawn(std::size_t rows, std::size_t cols, std::uint64_t key) {
  TensorOf<Float> out(rows, cols);
  Rng rng(key, 0, "layer-test");
  for (Float& value : out.flat()) value = static_cast<Float>(rng.uniform(-1.0F, 1.0F));
  return out;
}

/// A layer with inputs of these shapes.
struct Case {
  std::string name;
  LayerPtr layer;
  std::vector<FeatureShape> inputs;
};

inline void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

inline Tensor weights(std::size_t rows, std::size_t cols) { return drawn<float>(rows, cols, 7); }
inline std::vector<float> bias(std::size_t count) {
  const Tensor row = drawn<float>(1, count, 8);
  return {row.flat().begin(), row.flat().end()};
}
inline std::vector<double> numbers(std::size_t count) {
  const TensorOf<double> row = drawn<double>(1, count, 9);
  return {row.flat().begin(), row.flat().end()};
}

inline std::vector<Case> cases() {
  std::vector<Case> out;
  out.push_back({"dense", dense(weights(5, 12), bias(5)), {{2, 3, 2}}});
  for (const std::size_t stride : {1U, 2U, 3U}) {
    for (const std::size_t pad : {0U, 1U, 2U}) {
      for (const std::size_t dilation : {1U, 2U}) {
        for (const std::size_t groups : {1U, 2U, 4U}) {
          const Window window{.height = 3,
                              .width = 2,
                              .stride_y = stride,
                              .stride_x = 3 - stride % 2,
                              .dilation_y = dilation,
                              .dilation_x = 1,
                              .top = pad,
                              .bottom = pad / 2,
                              .left = 1,
                              .right = pad};
          out.push_back({"conv_s" + std::to_string(stride) + "_p" + std::to_string(pad) + "_d" +
                             std::to_string(dilation) + "_g" + std::to_string(groups),
                         conv2d(window, groups, weights(8, 6 * (4 / groups)), bias(8)),
                         {{7, 6, 4}}});
        }
      }
    }
  }
  for (const std::size_t stride : {1U, 2U, 3U}) {
    for (const bool ceil : {false, true}) {
      const Window window{.height = 3,
                          .width = 2,
                          .stride_y = stride,
                          .stride_x = stride,
                          .top = 1,
                          .bottom = 1,
                          .left = 1,
                          .ceil = ceil};
      const std::string name = "_s" + std::to_string(stride) + (ceil ? "_ceil" : "_floor");
      out.push_back({"max_pool" + name, max_pool(window), {{6, 7, 3}}});
      out.push_back({"average_pool" + name, average_pool(window, false), {{6, 7, 3}}});
      out.push_back({"padded_average_pool" + name, average_pool(window, true), {{6, 7, 3}}});
    }
  }
  for (const std::size_t dilation : {1U, 2U}) {
    const Window window{.height = 2,
                        .width = 3,
                        .stride_y = 2,
                        .stride_x = 1,
                        .dilation_y = dilation,
                        .dilation_x = dilation,
                        .top = 1,
                        .bottom = 1,
                        .left = 1,
                        .right = 1,
                        .ceil = true};
    const std::string name = "_d" + std::to_string(dilation);
    out.push_back({"max_pool" + name, max_pool(window), {{5, 7, 3}}});
    out.push_back({"average_pool" + name, average_pool(window, false), {{5, 7, 3}}});
    out.push_back({"padded_average_pool" + name, average_pool(window, true), {{5, 7, 3}}});
  }
  out.push_back({"conv_of_one_pixel", conv2d({}, 1, weights(3, 4), bias(3)), {{1, 1, 4}}});
  out.push_back({"global_average_pool", global_average_pool(), {{3, 4, 5}}});
  out.push_back({"add", add(), {{2, 3, 2}, {2, 3, 2}, {2, 3, 2}}});
  out.push_back({"concat", concat(), {{2, 3, 2}, {2, 3, 1}, {2, 3, 4}}});
  out.push_back({"scale_channels", scale_shift(numbers(2), numbers(2)), {{2, 3, 2}}});
  out.push_back({"scale_features", scale_shift(numbers(12), numbers(12)), {{2, 3, 2}}});
  for (const std::size_t channels : {1U, 3U}) {
    const LayerPtr fresh = batch_norm(channels);
    std::vector<float> values;
    for (const float value : bias(4 * channels)) values.push_back(1.5F + value);  // variances, too
    out.push_back(
        {"batch_norm_" + std::to_string(channels), fresh->with(values), {{4, 2, channels}}});
  }
  out.push_back({"reorder", reorder({3, 1, 5, 0, 4, 2}, {1, 3, 2}), {{2, 3, 1}}});
  out.push_back({"flatten", reorder({0, 2, 4, 1, 3, 5}, {1, 1, 6}), {{1, 3, 2}}});
  for (const ActivationInfo& info : activations()) {
    if (!info.trainable) continue;
    std::string name(info.name);
    std::ranges::replace(name, '-', '_');
    out.push_back({name, activate({&info, info.alpha}), {{2, 3, 2}}});
  }
  return out;
}

}  // namespace gibbon::models::layer_cases
