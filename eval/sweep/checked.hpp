// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "models/classifier.hpp"
#include "models/reference.hpp"

namespace gibbon::eval::sweep {

/// Runs a model and LibTorch (float32) side by side under any evaluation: every forward and
/// backward pass is compared before its result is handed on, row by row. A difference beyond the
/// tolerance throws an Error (kCheckFailed) that names sample, entry and both values. Slower by far
/// than the model.
///
/// Rows in which an activation stands within rounding of a kink may differ: they are counted
/// instead.
class CheckedClassifier final : public models::Classifier, private models::Front {
 public:
  /// `ours` computes `network` and outlives this. Throws what open_reference() throws.
  CheckedClassifier(const models::Classifier& ours, const models::Network& network);
  CheckedClassifier(const models::Classifier& ours, const models::Graph& graph);

  [[nodiscard]] std::size_t input_dim() const override { return ours_.input_dim(); }
  [[nodiscard]] std::size_t num_classes() const override { return ours_.num_classes(); }
  [[nodiscard]] models::Tape make_tape(std::size_t max_rows) const override {
    return ours_.make_tape(max_rows);
  }
  /// Allocates, unlike those of other models.
  Rows forward(Rows x, models::Tape& tape) const override;
  void backward(models::Tape& tape, Rows dlogits, MutableRows dx) const override;

  /// That of our model, so that attacks walk the same path with and without the check. Whole points
  /// are compared, as in forward(); what comes later has no x that LibTorch could be given.
  [[nodiscard]] const models::Front* front() const override {
    return ours_.front() == nullptr ? nullptr : this;
  }

  [[nodiscard]] std::size_t compared() const { return compared_; }  ///< rows, both directions
  [[nodiscard]] std::size_t at_kinks() const {
    return at_kinks_;
  }  ///< of them, differing at a kink

 private:
  [[nodiscard]] std::size_t width() const override { return ours_.front()->width(); }
  void start(Rows x, models::Tape& tape, MutableRows z) const override;
  void add(std::span<const models::Change> changes, MutableRow z) const override {
    ours_.front()->add(changes, z);
  }
  Rows finish(Rows z, models::Tape& tape) const override { return ours_.front()->finish(z, tape); }

  /// Compares `pass` row by row; row n may differ by allowed(n, entry).
  template <class Allowed>
  void compare(const char* pass, const models::Tape& tape, Rows ours,
               const TensorOf<double>& theirs, const Allowed& allowed) const;

  const models::Classifier& ours_;
  std::size_t layers_ = 0;
  double gain_ = 1.0;  // largest factor from ||dlogits||_2 to ||dx||_2, were all slopes 1
  std::unique_ptr<models::Reference> reference_;
  mutable std::mutex mutex_;  // guards inputs_
  mutable std::map<const models::TapeMemory*, Rows>
      inputs_;  // x of the last forward() on each tape
  mutable std::atomic<std::size_t> compared_ = 0;
  mutable std::atomic<std::size_t> at_kinks_ = 0;
};

}  // namespace gibbon::eval::sweep
