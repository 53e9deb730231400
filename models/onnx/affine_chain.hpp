// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "models/network.hpp"
#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

/// Puts a network together from products, activations and steps per feature. Steps before the first
/// product become the normalisation; behind a product they are folded into it; behind an activation
/// they become a diagonal layer. Two products in a row stay two layers with the identity between
/// them: their product would have other numbers than the file, in float32.
///
/// What a step makes or goes through, a layer's weights for instance, is taken from the budget; a
/// Misfit where that is too much, or where there are too many layers.
///
/// Folding is worked out in double and stored in float32. Values are per feature, as the last layer
/// numbers them.
class AffineChain {
 public:
  /// Backward bounds take the square of the layers in time.
  static constexpr std::size_t kMostLayers = 1000;

  explicit AffineChain(Budget& budget) : budget_(budget) {}

  [[nodiscard]] bool empty() const { return network_.layers.empty(); }
  /// The last layer has no activation yet.
  [[nodiscard]] bool open() const { return open_; }

  /// An affine layer with this many weights of its own, all 0.
  Tensor& product(std::size_t outputs, std::size_t inputs);
  /// Throws a logic_error unless open().
  void activate(Activation activation);
  void add(std::span<const double> terms);
  void subtract(std::span<const double> terms);
  void multiply(std::span<const double> factors);  ///< none may be 0 while empty()
  void divide(std::span<const double> divisors);   ///< none may be 0

  /// Whether a step since the last call could not be folded without rounding.
  [[nodiscard]] bool take_rounded() { return std::exchange(rounded_, false); }

  /// The network so far, with its normalisation; the chain is empty afterwards. Throws a Misfit for
  /// numbers that float32 has not.
  [[nodiscard]] Network finish();

 private:
  struct Step {
    double factor;
    double divisor;
    double term;
  };
  /// feature d becomes x · factor / divisor + term
  template <class StepOf>
  void apply(std::size_t width, const StepOf& step);
  void normalise(std::size_t d, const Step& step);
  float folded(double value, const Step& step);

  Budget& budget_;
  Network network_{.output = Output::kIdentity};
  std::vector<double> shift_;
  std::vector<double> scale_;
  bool open_ = false;
  bool rounded_ = false;
};

}  // namespace gibbon::models::onnx
