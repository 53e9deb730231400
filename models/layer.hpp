// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
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

/// What training does with a parameter.
enum class Role {
  kDecayed,    ///< learned, and weight decay pulls at it
  kLearned,    ///< learned, without weight decay
  kStatistic,  ///< no gradient: it follows what the layer sees
};

/// One tensor of a layer's parameters.
struct Parameter {
  std::string name;               ///< "weight"
  std::vector<std::size_t> dims;  ///< row-major
  std::span<const float> values;  ///< the layer's own
  Role role;
};

/// How a file says a layer: one operator of ONNX. Pictures are samples × channels × rows × columns
/// there.
struct FileOperator {
  struct Constant {
    std::string name;  ///< "weight"
    std::vector<std::size_t> dims;
    std::vector<float> values;
  };
  using Attribute = std::variant<std::int64_t, float, std::vector<std::int64_t>>;

  std::string_view name;                                      ///< "Conv"
  std::vector<Constant> constants;                            ///< inputs after the layer's own
  std::vector<std::pair<std::string, Attribute>> attributes;  ///< none of them at its default
  int opset = 13;                                             ///< the oldest that has it so
};

/// A layer laid out for its passes in one precision. No memory of its own between calls, immutable
/// and safe to share but for take(). Row n of every result depends on row n of the inputs alone,
/// bit for bit.
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

  /// ∂J/∂θ of the layer's parameters(), one after the other, summed over the rows: ADDED to. The
  /// order of the sum depends on the number of rows alone.
  virtual void backward_parameters(Inputs /*inputs*/, RowsOf<const Float> /*dy*/,
                                   std::span<Float> /*gradient*/,
                                   std::span<Float> /*scratch*/) const {}

  /// Lays out other parameters in the place of the layer's, for training: not while a pass runs.
  /// From then on bits may depend on the number of rows.
  virtual void take(std::span<const Float> /*parameters*/) {}

  /// Whether row n of input 0 stands so near a kink that a rounding decides about the derivative:
  /// |z| <= tolerance · (largest |z| of the row); of a max pool: two of a window are as near.
  [[nodiscard]] virtual bool near_kink(std::span<const Float> /*z*/, double /*tolerance*/) const {
    return false;
  }
};

struct Blueprint;

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
  /// What training can move, in the order in which files have it; empty for scale_shift(), which
  /// holds folded constants in double.
  [[nodiscard]] virtual std::vector<Parameter> parameters() const { return {}; }
  /// This layer with other parameters, in the same order; for layers that have some.
  [[nodiscard]] virtual std::shared_ptr<const Layer> with(
      std::span<const float> /*parameters*/) const {
    throw std::logic_error(describe() + ": it has no parameters");
  }
  /// Shape of the output. Throws a std::invalid_argument that says what does not fit.
  [[nodiscard]] virtual FeatureShape shape(std::span<const FeatureShape> inputs) const = 0;
  /// For another engine, which builds its own layer from it and parameters().
  [[nodiscard]] virtual Blueprint blueprint() const = 0;
  /// Throws a logic_error for layers that training never makes.
  [[nodiscard]] virtual FileOperator to_file(std::span<const FeatureShape> /*inputs*/) const {
    throw std::logic_error(describe() + ": it cannot be written");
  }
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
  /// kernel_shape, strides, dilations, pads, ceil_mode, where they are not the default.
  [[nodiscard]] std::vector<std::pair<std::string, FileOperator::Attribute>> attributes() const;
};

/// What a layer is beside its parameters. The keys are literals.
struct Blueprint {
  std::string_view kind;      ///< "conv2d": what its twin in models/torch/layers/ goes by
  std::string_view function;  ///< of an activation: its name
  Window window;              ///< of a layer that has one
  std::map<std::string_view, std::vector<double>> numbers;  ///< "groups": {2}
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

/// y = γ (x - mean) / sqrt(variance + 1e-5) + β per channel, by running statistics; in training by
/// those of the batch's samples and places. Fresh: γ = 1, β = 0.
[[nodiscard]] LayerPtr batch_norm(std::size_t channels);

/// y = σ(z), number by number.
[[nodiscard]] LayerPtr activate(Activation activation);

/// y[k] = x[order[k]] in another shape: what Flatten, Reshape and Transpose of pictures come to.
[[nodiscard]] LayerPtr reorder(std::vector<std::size_t> order, const FeatureShape& shape);

}  // namespace gibbon::models
