// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.hpp"
#include "models/activation.hpp"

// What a network that is no plain chain is made of: one operation each, in models/layers/, with its
// forward pass above its backward pass.
namespace gibbon::models {

/// The features of one sample, row-major with the channels last, as data sets have them: number
/// (h, w, c) lies at (h · width + w) · channels + c. A vector is 1 × 1 × F.
struct FeatureShape {
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t channels = 1;

  [[nodiscard]] std::size_t size() const { return height * width * channels; }
  [[nodiscard]] std::string text() const;  ///< "28×28×1"
  bool operator==(const FeatureShape&) const = default;
};

/// A layer laid out for its passes in one precision. Immutable, no memory of its own between calls,
/// safe to share. Row n of every result depends on row n of the inputs alone, bit for bit.
template <class Float>
class OperationOf {
 public:
  using Inputs = std::span<const RowsOf<const Float>>;
  using Gradients = std::span<const RowsOf<Float>>;

  OperationOf() = default;
  OperationOf(const OperationOf&) = delete;
  OperationOf& operator=(const OperationOf&) = delete;
  virtual ~OperationOf() = default;

  /// Numbers of scratch that a pass over `rows` samples needs.
  [[nodiscard]] virtual std::size_t scratch(std::size_t /*rows*/) const { return 0; }

  /// y (N × outputs) is overwritten; inputs[k] is N × (size of input k).
  virtual void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> scratch) const = 0;

  /// The vector-Jacobian product: dinputs[k] += J_k(inputs)^T · dy, row by row. ADDED to, since one
  /// value can feed several layers. `y` is what forward() gave for these inputs.
  virtual void backward(Inputs inputs, RowsOf<const Float> y, RowsOf<const Float> dy,
                        Gradients dinputs, std::span<Float> scratch) const = 0;

  /// Whether row n of input 0 stands so near a kink that a rounding decides about the derivative:
  /// |z| <= tolerance · (largest |z| of the row).
  [[nodiscard]] virtual bool near_kink(std::span<const Float> /*z*/, double /*tolerance*/) const {
    return false;
  }
};

/// One operation of a graph, with its weights in float32 as a file has them.
class Layer {
 public:
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;

  [[nodiscard]] virtual std::string describe() const = 0;  ///< "conv 32: 3×3, pad 1"
  /// In the name of an architecture: "conv32"; empty for layers without weights.
  [[nodiscard]] virtual std::string brief() const { return {}; }
  [[nodiscard]] virtual std::size_t parameter_count() const { return 0; }
  /// Shape of the output. Throws a std::invalid_argument that says what does not fit.
  [[nodiscard]] virtual FeatureShape shape(std::span<const FeatureShape> inputs) const = 0;
  /// False: the derivative is zero almost everywhere, or not known.
  [[nodiscard]] virtual bool differentiable() const { return true; }

  /// Laid out for inputs that shape() takes.
  [[nodiscard]] virtual std::unique_ptr<OperationOf<float>> single(
      std::span<const FeatureShape> inputs) const = 0;
  [[nodiscard]] virtual std::unique_ptr<OperationOf<double>> exact(
      std::span<const FeatureShape> inputs) const = 0;
};
using LayerPtr = std::shared_ptr<const Layer>;

/// A sliding window over rows and columns.
struct Window {
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t stride_y = 1;
  std::size_t stride_x = 1;
  std::size_t dilation_y = 1;
  std::size_t dilation_x = 1;
  std::size_t top = 0;  ///< rows of padding
  std::size_t bottom = 0;
  std::size_t left = 0;
  std::size_t right = 0;
  bool ceil = false;  ///< the last window may begin inside and end outside

  /// Places of the window along rows and columns. Throws a std::invalid_argument where none fits.
  [[nodiscard]] FeatureShape places(const FeatureShape& input, std::size_t channels) const;
  [[nodiscard]] std::string text() const;  ///< "3×3, stride 2, pad 1"
};

/// z = W x + b; weight (O × I), bias (O).
[[nodiscard]] LayerPtr dense(Tensor weight, std::vector<float> bias);

/// z(h, w, o) = b_o + Σ over window (i, j) and channels c of the group of o:
/// W(o, i, j, c) · x(h · stride + i · dilation - top, …, c), x = 0 in the padding. weight: O rows
/// of height · width · (C / groups), channels last.
[[nodiscard]] LayerPtr conv2d(const Window& window, std::size_t groups, Tensor weight,
                              std::vector<float> bias);

/// y = max over the window, per channel; padding never wins. The first of equals has the
/// derivative.
[[nodiscard]] LayerPtr max_pool(const Window& window);

/// y = mean over the window, per channel; over all its places, or over those inside the image.
[[nodiscard]] LayerPtr average_pool(const Window& window, bool count_padding);

/// y = mean over all rows and columns, per channel.
[[nodiscard]] LayerPtr global_average_pool();

/// y = Σ inputs of equal shape.
[[nodiscard]] LayerPtr add();

/// y: the channels of input 0, then those of input 1, … of equal height and width.
[[nodiscard]] LayerPtr concat();

/// y = factor · x + term; one pair per channel, or per feature. In double, since they come of
/// folding (batch norm, a division): float32 passes round them once.
[[nodiscard]] LayerPtr scale_shift(std::vector<double> factors, std::vector<double> terms);

/// y = σ(z), number by number.
[[nodiscard]] LayerPtr activate(Activation activation);

/// y[k] = x[order[k]] in another shape: what Flatten, Reshape and Transpose of pictures come to,
/// and slices, repetitions and upsampling. `name` is what describe() says.
[[nodiscard]] LayerPtr reorder(std::vector<std::size_t> order, const FeatureShape& shape,
                               std::string name = "reorder");

/// y[places[k]] = x[k] and `value` elsewhere.
[[nodiscard]] LayerPtr pad(std::vector<std::size_t> places, const FeatureShape& shape, float value);

/// y = a · b, number by number, of two inputs of equal shape.
[[nodiscard]] LayerPtr multiply();

/// y = min(max(x, low), high); the derivative on the borders is 0. Throws an std::invalid_argument
/// unless low <= high.
[[nodiscard]] LayerPtr clip(float low, float high);

/// y = x if x > 0, else slope · x; one slope per channel, or per feature.
[[nodiscard]] LayerPtr prelu(std::vector<float> slopes);

}  // namespace gibbon::models
