// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "base/tensor.hpp"

namespace gibbon::models {

/// What a model's tape holds is that model's affair.
class TapeMemory {
 public:
  TapeMemory() = default;
  TapeMemory(const TapeMemory&) = delete;
  TapeMemory& operator=(const TapeMemory&) = delete;
  virtual ~TapeMemory() = default;
};

/// What one forward pass leaves for the backward passes after it, and the scratch they need. The
/// caller owns it, one per worker; only the model that made it knows what is on it.
template <class Float>
class TapeOf {
 public:
  TapeOf() = default;
  explicit TapeOf(std::unique_ptr<TapeMemory> memory) : memory_(std::move(memory)) {}

  /// For the model that made it, with the type it made.
  template <class Memory>
  [[nodiscard]] Memory& as() const {
    return static_cast<Memory&>(*memory_);
  }
  [[nodiscard]] const TapeMemory* id() const { return memory_.get(); }  ///< stays when it is moved

 private:
  std::unique_ptr<TapeMemory> memory_;
};
using Tape = TapeOf<float>;

/// One input feature moves from one value to another.
struct Change {
  std::uint32_t feature;
  float from;
  float to;
};

/// The front: a first layer that is affine in x, for points that differ in few features.
/// forward(x) of the model gives the same bits as start(x), then finish().
template <class Float>
class FrontOf {
 public:
  FrontOf() = default;
  FrontOf(const FrontOf&) = delete;
  FrontOf& operator=(const FrontOf&) = delete;
  virtual ~FrontOf() = default;

  [[nodiscard]] virtual std::size_t width() const = 0;  ///< F, numbers per sample

  /// z (N × F) = W¹ x + b¹, x (N × D); z is overwritten. May use the tape as scratch.
  virtual void start(RowsOf<const Float> x, TapeOf<Float>& tape, RowsOf<Float> z) const = 0;

  /// z (F) += W¹ · (to - from), over the changed features alone: 2 F operations each instead of
  /// 2 F D. Added in the order given; each call may cost z a rounding of its last bit.
  virtual void add(std::span<const Change> changes, std::span<Float> z) const = 0;

  /// forward() from the front on: logits (N × C) of z (N × F). No backward pass may follow.
  virtual RowsOf<const Float> finish(RowsOf<const Float> z, TapeOf<Float>& tape) const = 0;
};
using Front = FrontOf<float>;

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

  /// The most samples that a worker had better ask about at once: what make_tape() takes for them
  /// stays within a few hundred megabytes.
  [[nodiscard]] virtual std::size_t most_rows() const {
    return std::numeric_limits<std::size_t>::max();
  }

  /// Null: this model has none.
  [[nodiscard]] virtual const FrontOf<Float>* front() const { return nullptr; }

  /// Whether row n of the last forward() stands so near a kink of an activation that a rounding
  /// decides about the derivative: |z| <= tolerance · (largest |z| of that layer and row). False
  /// where the model has no kinks, or does not know.
  [[nodiscard]] virtual bool near_kink(const TapeOf<Float>& /*tape*/, std::size_t /*n*/,
                                       double /*tolerance*/) const {
    return false;
  }
};
using Classifier = ClassifierOf<float>;

}  // namespace gibbon::models
