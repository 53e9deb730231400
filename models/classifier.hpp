// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "base/tensor.hpp"

namespace gibbon::models {

/// What one forward pass leaves for the backward passes after it, and the scratch they need. The
/// caller owns it, one per worker; only the model that made it knows its layout.
template <class Float>
struct TapeOf {
  RowsOf<const Float> input;  ///< x of the last forward(), normalised; owned by the caller
                              ///< or, when the model normalises, by `normalised`
  TensorOf<Float> normalised;
  std::vector<TensorOf<Float>> z;         ///< z[l] = W a[l-1] + b of layer l
  std::vector<TensorOf<Float>> a;         ///< a[l] = σ(z[l]); the last are the logits
  std::vector<TensorOf<Float>> gradient;  ///< scratch of backward passes: ∂J/∂z[l]
  std::size_t rows = 0;                   ///< N of the last forward()
};
using Tape = TapeOf<float>;

/// One input feature moves from one value to another.
struct Change {
  std::uint32_t feature;
  float from;
  float to;
};

/// Maps N × D inputs to N × C logits. Immutable while it is shared, all working memory being on the
/// tape, so one instance serves any number of threads. Row n of every result depends on row n of
/// the inputs alone, bit for bit: batching changes speed, never results.
template <class Float>
class ClassifierOf {
 public:
  ClassifierOf() = default;
  ClassifierOf(const ClassifierOf&) = delete;
  ClassifierOf& operator=(const ClassifierOf&) = delete;
  virtual ~ClassifierOf() = default;

  [[nodiscard]] virtual std::size_t input_dim() const = 0;    ///< D
  [[nodiscard]] virtual std::size_t num_classes() const = 0;  ///< C

  /// Memory for up to `max_rows` samples. The only function here that allocates.
  [[nodiscard]] virtual TapeOf<Float> make_tape(std::size_t max_rows) const = 0;

  /// logits (N × C) = f(x), x (N × D). Raw scores, valid until the next forward() on this tape; x
  /// must stay alive as long as backward passes follow.
  virtual RowsOf<const Float> forward(RowsOf<const Float> x, TapeOf<Float>& tape) const = 0;

  /// Vector-Jacobian product at the x of the last forward(): dx (N × D) = J_f(x)^T · dlogits, row
  /// by row; dx is overwritten. Values on the tape are only read, so any number of backward passes
  /// may follow one forward pass, e.g. one per class for all rows of the Jacobian.
  virtual void backward(TapeOf<Float>& tape, RowsOf<const Float> dlogits,
                        RowsOf<Float> dx) const = 0;

  // The front: a first layer that is affine in x, for points that differ in few features.
  // forward(x) gives the same bits as front(x), then forward_front().

  /// Numbers per sample at the front, F; 0: this model has none, and the three below throw.
  [[nodiscard]] virtual std::size_t front_width() const { return 0; }

  /// z (N × F) = W¹ x + b¹, x (N × D); z is overwritten. May use the tape as scratch.
  virtual void front(RowsOf<const Float> /*x*/, TapeOf<Float>& /*tape*/,
                     RowsOf<Float> /*z*/) const {
    throw std::logic_error("Classifier: this model has no front");
  }

  /// z (F) += W¹ · (to - from), over the changed features alone: 2 F operations each instead of
  /// 2 F D. Added in the order given; each call may cost z a rounding of its last bit.
  virtual void front_add(std::span<const Change> /*changes*/, std::span<Float> /*z*/) const {
    throw std::logic_error("Classifier: this model has no front");
  }

  /// forward() from the front on: logits (N × C) of z (N × F). No backward pass may follow.
  virtual RowsOf<const Float> forward_front(RowsOf<const Float> /*z*/,
                                            TapeOf<Float>& /*tape*/) const {
    throw std::logic_error("Classifier: this model has no front");
  }
};
using Classifier = ClassifierOf<float>;

}  // namespace gibbon::models
