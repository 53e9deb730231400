// SPDX-License-Identifier: MIT
#pragma once

#include "models/classifier.hpp"
#include "models/network.hpp"

namespace gibbon::models {

/// What an Mlp is for; decides which copies of the weights it keeps.
enum class Use {
  kInference,  ///< keeps W and W^T: any batching gives the same bits; parameters are frozen
  kTraining,   ///< keeps W alone: parameters may be changed between passes
};

/// Multilayer perceptron y = σ_L(W^L … σ_2(W^2 σ_1(W^1 x + b^1) + b^2) … + b^L), the course's
/// network. One code for float and double.
template <class Float>
class MlpOf final : public ClassifierOf<Float> {
 public:
  explicit MlpOf(const Network& network, Use use = Use::kInference);

  [[nodiscard]] std::size_t input_dim() const override { return widths_.front(); }
  [[nodiscard]] std::size_t num_classes() const override { return widths_.back(); }
  [[nodiscard]] TapeOf<Float> make_tape(std::size_t max_rows) const override;
  RowsOf<const Float> forward(RowsOf<const Float> x, TapeOf<Float>& tape) const override;
  void backward(TapeOf<Float>& tape, RowsOf<const Float> dlogits, RowsOf<Float> dx) const override;

  /// Width of the first layer; 0 in training, which keeps no W^T.
  [[nodiscard]] std::size_t front_width() const override {
    return use_ == Use::kInference ? widths_[1] : 0;
  }
  void front(RowsOf<const Float> x, TapeOf<Float>& tape, RowsOf<Float> z) const override;
  void front_add(std::span<const Change> changes, std::span<Float> z) const override;
  RowsOf<const Float> forward_front(RowsOf<const Float> z, TapeOf<Float>& tape) const override;

  /// Parameter gradients at the x of the last forward(), summed over its N samples: `gradient` is
  /// overwritten and laid out as parameters(). One backward pass, without the product for dx.
  void backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                           std::span<Float> gradient) const;

  /// W^1 (row-major O × I), b^1, W^2, b^2, … in one vector.
  [[nodiscard]] std::span<const Float> parameters() const { return parameters_; }
  /// To be changed between passes; only for Use::kTraining.
  [[nodiscard]] std::span<Float> trainable_parameters();

  [[nodiscard]] std::size_t depth() const { return widths_.size() - 1; }  ///< layers of weights
  /// Views into any vector laid out as parameters(): W^(l+1) (O × I) and b^(l+1) (O).
  template <class Value>
  [[nodiscard]] RowsOf<Value> weight(std::span<Value> flat, std::size_t l) const {
    return {flat.data() + offsets_[l], widths_[l + 1], widths_[l]};
  }
  template <class Value>
  [[nodiscard]] std::span<Value> bias(std::span<Value> flat, std::size_t l) const {
    return flat.subspan(offsets_[l] + widths_[l + 1] * widths_[l], widths_[l + 1]);
  }
  [[nodiscard]] const Activation& activation(std::size_t l) const { return activations_[l]; }

  /// Writes the parameters back into a network of the same shape, as float32.
  void store(Network& network) const;

 private:
  RowsOf<const Float> normalise(RowsOf<const Float> x, TapeOf<Float>& tape) const;
  /// z = W^(l+1) a + b^(l+1)
  void affine(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const;
  /// Overwrites tape.gradient[l] with ∂J/∂z[l], last layer from dlogits, the others from the layer
  /// above.
  RowsOf<const Float> gradient_of_z(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                                    std::size_t l) const;

  std::vector<std::size_t> widths_;   // D, …, C
  std::vector<std::size_t> offsets_;  // of W^(l+1) in parameters_
  std::vector<Activation> activations_;
  std::vector<Float> parameters_;
  std::vector<TensorOf<Float>> transposed_;  // W^T (I × O): both passes are plain products
  std::vector<Float> shift_;
  std::vector<Float> scale_;
  Use use_;
};
using Mlp = MlpOf<float>;

extern template class MlpOf<float>;
extern template class MlpOf<double>;

}  // namespace gibbon::models
