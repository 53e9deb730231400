// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Tensor.h>
#include <ATen/TensorOperators.h>
#include <array>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/reference.hpp"

// The twins of our layers in LibTorch, in models/torch/layers/: what a layer is there, written anew
// and never in our arithmetic. Pictures are N × C × H × W there, vectors N × F, and a parameter of
// four axes (O × H × W × C) is O × C × H × W.
namespace gibbon::models::torch_twins {

using Values = std::span<const at::Tensor>;
/// y of a layer's inputs and parameters; batch norm tells training from inference.
using Forward = std::function<at::Tensor(Values inputs, Values parameters, bool training)>;

/// `Twin kDense("dense", make)` at namespace scope makes a kind of layer known.
struct Twin {
  using Make = Forward (*)(const ReferenceNode& node, at::ScalarType type);
  Twin(std::string_view kind, Make make) { all().push_back({kind, make}); }

  /// The node's forward pass. Throws a runtime_error when its kind has no twin.
  static Forward of(const ReferenceNode& node, at::ScalarType type) {
    for (const Entry& entry : all()) {
      if (entry.kind == node.blueprint.kind) return entry.make(node, type);
    }
    throw std::runtime_error("LibTorch: no counterpart of layer '" +
                             std::string(node.blueprint.kind) + "'");
  }

 private:
  struct Entry {
    std::string_view kind;
    Make make;
  };
  static std::vector<Entry>& all() {
    static std::vector<Entry> entries;
    return entries;
  }
};

inline std::int64_t dim(std::size_t size) { return static_cast<std::int64_t>(size); }

inline bool is_vector(const FeatureShape& shape) { return shape.height * shape.width == 1; }

/// N × D numbers, channels last, as a value of LibTorch's.
inline at::Tensor to_value(const at::Tensor& rows, const FeatureShape& shape) {
  if (is_vector(shape)) return rows;
  return rows.view({-1, dim(shape.height), dim(shape.width), dim(shape.channels)})
      .permute({0, 3, 1, 2})
      .contiguous();
}

/// And back.
inline at::Tensor to_rows(const at::Tensor& value) {
  return value.dim() == 2 ? value : value.permute({0, 2, 3, 1}).flatten(1);
}

/// A value as windows want it, and what they leave as a value: a vector is a picture of one pixel.
inline at::Tensor picture(const at::Tensor& value) {
  return value.dim() == 2 ? value.unsqueeze(-1).unsqueeze(-1) : value;
}
inline at::Tensor as_value(const at::Tensor& picture, const FeatureShape& shape) {
  return is_vector(shape) ? picture.flatten(1) : picture;
}

/// One number of a blueprint, or all.
inline const std::vector<double>& numbers(const ReferenceNode& node, std::string_view key) {
  return node.blueprint.numbers.at(key);
}
inline double number(const ReferenceNode& node, std::string_view key) {
  return numbers(node, key).front();
}

/// Rows, columns.
using Pair = std::array<std::int64_t, 2>;

inline Pair kernel(const Window& w) { return {dim(w.height), dim(w.width)}; }
inline Pair stride(const Window& w) { return {dim(w.stride_y), dim(w.stride_x)}; }
inline Pair dilation(const Window& w) { return {dim(w.dilation_y), dim(w.dilation_x)}; }
inline bool even_padding(const Window& w) { return w.top == w.bottom && w.left == w.right; }
/// What LibTorch's pools can do by themselves.
inline bool plain_pool(const Window& w) {
  return even_padding(w) && 2 * w.top <= w.height && 2 * w.left <= w.width;
}

/// Left, right, top, bottom: the padding at which windows without `ceil` have as many places as the
/// node says.
inline std::array<std::int64_t, 4> full_padding(const ReferenceNode& node) {
  const Window& w = node.blueprint.window;
  const auto after = [](std::size_t places, std::size_t step, std::size_t reach, std::size_t before,
                        std::size_t length, std::size_t padding) {
    const std::int64_t end = dim((places - 1) * step + reach) - dim(before + length);
    return std::max(end, dim(padding));
  };
  return {dim(w.left),
          after(node.to.width, w.stride_x, (w.width - 1) * w.dilation_x + 1, w.left,
                node.from[0].width, w.right),
          dim(w.top),
          after(node.to.height, w.stride_y, (w.height - 1) * w.dilation_y + 1, w.top,
                node.from[0].height, w.bottom)};
}

}  // namespace gibbon::models::torch_twins
