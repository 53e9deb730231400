// SPDX-License-Identifier: MIT
#pragma once

#include "models/classifier.hpp"
#include "models/network.hpp"
#include "models/trainable.hpp"

namespace gibbon::models {

/// What a pass of a multilayer perceptron leaves, for whoever shows or compares its layers.
template <class Float>
struct MlpTapeOf final : TapeMemory {
  RowsOf<const Float> input;  ///< x of the last forward(), normalised; owned by the caller
                              ///< or, when the model normalises, by `normalised`
  TensorOf<Float> normalised;
  std::vector<TensorOf<Float>> z;         ///< z[l] = W a[l-1] + b of layer l
  std::vector<TensorOf<Float>> a;         ///< a[l] = σ(z[l]); the last are the logits
  std::vector<TensorOf<Float>> gradient;  ///< scratch of backward passes: ∂J/∂z[l]
  std::size_t rows = 0;                   ///< N of the last forward()
};

/// Multilayer perceptron y = σ_L(W^L … σ_2(W^2 σ_1(W^1 x + b^1) + b^2) … + b^L), the course's
/// network. One code for float and double. The two below say how they multiply.
template <class Float>
class MlpLayersOf : public ClassifierOf<Float> {
 public:
  [[nodiscard]] std::size_t input_dim() const final { return widths_.front(); }
  [[nodiscard]] std::size_t num_classes() const final { return widths_.back(); }
  [[nodiscard]] TapeOf<Float> make_tape(std::size_t max_rows) const final;
  RowsOf<const Float> forward(RowsOf<const Float> x, TapeOf<Float>& tape) const final;
  void backward(TapeOf<Float>& tape, RowsOf<const Float> dlogits, RowsOf<Float> dx) const final;
  [[nodiscard]] bool near_kink(const TapeOf<Float>& tape, std::size_t n,
                               double tolerance) const final;

  /// Parameter gradients at the x of the last forward(), summed over its N samples: `gradient` is
  /// overwritten and laid out as parameters(). One backward pass, without the product for dx.
  void backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                           std::span<Float> gradient) const;

  /// W^1 (row-major O × I), b^1, W^2, b^2, … in one vector.
  [[nodiscard]] std::span<const Float> parameters() const { return parameters_; }

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

  /// The layers of the last passes on a tape that this model made.
  [[nodiscard]] const MlpTapeOf<Float>& passed(const TapeOf<Float>& tape) const {
    return tape.template as<MlpTapeOf<Float>>();
  }

 protected:
  explicit MlpLayersOf(const Network& network);

  RowsOf<const Float> normalise(RowsOf<const Float> x, MlpTapeOf<Float>& tape) const;
  /// z = W^(l+1) a + b^(l+1)
  void affine(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const;

  std::vector<std::size_t> widths_;   // D, …, C
  std::vector<std::size_t> offsets_;  // of W^(l+1) in parameters_
  std::vector<Activation> activations_;
  std::vector<Float> parameters_;
  std::vector<Float> shift_;
  std::vector<Float> scale_;

 private:
  /// z (N × O) = a W^T, W of layer l.
  virtual void multiply(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const = 0;
  /// da (N × I) = dz W, W of layer l.
  virtual void multiply_back(std::size_t l, RowsOf<const Float> dz, RowsOf<Float> da) const = 0;
  /// Overwrites tape.gradient[l] with ∂J/∂z[l], last layer from dlogits, the others from the layer
  /// above.
  RowsOf<const Float> gradient_of_z(MlpTapeOf<Float>& tape, RowsOf<const Float> dlogits,
                                    std::size_t l) const;
};

/// With frozen parameters: keeps W and W^T, so any batching gives the same bits.
template <class Float>
class MlpOf final : public MlpLayersOf<Float>, private FrontOf<Float> {
 public:
  explicit MlpOf(const Network& network);

  [[nodiscard]] const FrontOf<Float>* front() const override { return this; }

 private:
  void multiply(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const override;
  void multiply_back(std::size_t l, RowsOf<const Float> dz, RowsOf<Float> da) const override;

  [[nodiscard]] std::size_t width() const override { return this->widths_[1]; }
  void start(RowsOf<const Float> x, TapeOf<Float>& tape, RowsOf<Float> z) const override;
  void add(std::span<const Change> changes, std::span<Float> z) const override;
  RowsOf<const Float> finish(RowsOf<const Float> z, TapeOf<Float>& tape) const override;

  std::vector<TensorOf<Float>> transposed_;  // W^T (I × O): both passes are plain products
};
using Mlp = MlpOf<float>;

/// Whose parameters may be changed between passes: keeps W alone.
template <class Float>
class TrainableMlpOf final : public MlpLayersOf<Float>, public TrainableOf<Float> {
 public:
  explicit TrainableMlpOf(const Network& network);

  [[nodiscard]] const ClassifierOf<Float>& passes() const override { return *this; }
  [[nodiscard]] std::span<const Float> parameters() const override { return this->parameters_; }
  [[nodiscard]] std::span<Float> trainable_parameters() override { return this->parameters_; }
  void parameters_moved() override {}
  [[nodiscard]] std::span<const Part> parts() const override { return parts_; }
  void backward_parameters(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                           std::span<Float> gradient) const override {
    MlpLayersOf<Float>::backward_parameters(tape, dlogits, gradient);
  }
  [[nodiscard]] std::size_t chunk(std::size_t /*batch*/) const override { return 64; }
  [[nodiscard]] const MlpLayersOf<Float>* perceptron() const override { return this; }

 private:
  void multiply(std::size_t l, RowsOf<const Float> a, RowsOf<Float> z) const override;
  void multiply_back(std::size_t l, RowsOf<const Float> dz, RowsOf<Float> da) const override;

  std::vector<Part> parts_;
};
using TrainableMlp = TrainableMlpOf<float>;

extern template class MlpLayersOf<float>;
extern template class MlpLayersOf<double>;
extern template class MlpOf<float>;
extern template class MlpOf<double>;
extern template class TrainableMlpOf<float>;
extern template class TrainableMlpOf<double>;

}  // namespace gibbon::models
