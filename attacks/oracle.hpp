// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "attacks/limits.hpp"
#include "attacks/losses.hpp"
#include "models/classifier.hpp"

namespace gibbon::attacks {

/// How much of the model an attack may look at. Each level includes the ones before it.
enum class Access { kNone, kLabels, kScores, kGradients };
[[nodiscard]] std::string_view to_string(Access access);

/// Which sample each row of a packed matrix belongs to: row i is a point of sample owners[i].
using Owners = std::span<const std::uint32_t>;

/// The only door between an attack and a model. Owns the tape and gradient buffers of one worker,
/// bills every pass to the sample it was made for, and refuses what the declared access level or
/// the sample's query budget does not allow, so a "black-box" attack cannot peek. Points come
/// packed, at most max_rows() at a time; labels are those of all samples of the problem. Returned
/// views are packed alike and valid until the next call. Throws Interrupted after Ctrl-C.
class Oracle {
 public:
  /// `view`: what points are, where they are not the model's own inputs; it outlives the oracle.
  Oracle(const models::Classifier& model, Access access, std::size_t max_rows,
         const View* view = nullptr);

  /// Before begin(), with a view: the samples' inputs as the model has them, and the balls they
  /// move in. All outlive the problem.
  void look_from(Rows origins, Norm norm, std::span<const double> epsilons);

  /// Starts a problem of `samples` samples; each may cost `max_queries` passes, forward or
  /// backward; 0: any number. What was billed before is forgotten.
  void begin(std::size_t samples, std::uint64_t max_queries);

  [[nodiscard]] std::size_t max_rows() const { return max_rows_; }
  [[nodiscard]] std::size_t num_classes() const { return model_.num_classes(); }

  /// 1 where the model clearly does not answer labels[owner] (`targeted`: where it clearly does).
  /// Needs labels. One forward pass. Clearly: by more than float32 rounding, so that the judge, who
  /// calculates in double, sees the same (clear_margin()).
  std::span<const std::uint8_t> succeeded(Rows points, Labels labels, bool targeted, Owners owners);

  /// N × C logits; needs scores. One forward pass.
  Rows logits(Rows points, Owners owners);

  // Points that differ in few features from one whose scores are known: the anchor of the sample.
  // Where the model has a front, only the changed features pass through its first layer; elsewhere
  // the points are put together and pass through the whole model. Attacks see scores, never what is
  // kept for them.

  /// logits() of whole points, which become the anchors of their samples. One forward pass.
  Rows anchor(Rows points, Owners owners);

  /// logits() of the anchors of `owners` after some changes, each feature named once at most; row k
  /// has the changes ends[k - 1] … ends[k] - 1. Needs scores. One forward pass. With a front,
  /// rounding adds up over the anchors that adopt() moved: some 1e-6 of the logits after thousands
  /// of them.
  Rows shifted(std::span<const models::Change> changes, std::span<const std::uint32_t> ends,
               Owners owners);

  /// Row k of the last shifted() becomes the anchor of its sample.
  void adopt(std::size_t k);

  /// Scratch for dlogits: N × C, for the N points of the last forward pass.
  [[nodiscard]] MutableRows seeds();

  /// dx (N × D) = J_f(x)^T · dlogits at the points of the last forward pass, as often as wanted.
  /// Needs gradients. One backward pass.
  Rows backward(Rows dlogits);

  struct Gradient {
    Rows logits;  ///< N × C
    Rows dx;      ///< N × D, gradient of the loss by x
  };
  /// logits(), a seed per row, backward(): one forward and one backward pass.
  Gradient gradient(Rows points, Labels labels, LossSeed seed, Owners owners);

  /// gradient(), of which only dx is given back, and which is looked up where the last call of this
  /// function asked for the same points, labels and seed, among others: a single step at the origin
  /// starts from the same gradient at every budget. Billed as if it were taken anew.
  Rows known_gradient(Rows points, Labels labels, LossSeed seed, Owners owners);

  /// Rows owners[0], owners[1], … of x (all samples) packed together; x itself when it is all.
  Rows pack(Rows x, Owners owners);

  /// Whether the sample may still cost `passes` more.
  [[nodiscard]] bool affords(std::uint32_t sample, std::uint64_t passes) const {
    return max_queries_ == 0 || forwards_[sample] + backwards_[sample] + passes <= max_queries_;
  }
  /// Passes billed to each sample since begin().
  [[nodiscard]] std::span<const std::uint64_t> forwards() const { return forwards_; }
  [[nodiscard]] std::span<const std::uint64_t> backwards() const { return backwards_; }

 private:
  Rows forward(Rows points, Owners owners, Access needed);
  void admit(Owners owners, Access needed);
  void bill(Owners owners, std::vector<std::uint64_t>& account) const;
  /// As the model takes them.
  Rows seen(Rows points, Owners owners);
  [[nodiscard]] const models::Front* front() const {
    return view_ == nullptr ? model_.front() : nullptr;
  }
  [[nodiscard]] std::size_t input_dim() const {
    return view_ == nullptr ? model_.input_dim() : view_->size();
  }
  bool look_up(Rows points, Labels labels, LossSeed seed, Owners owners);

  /// What known_gradient() gave for all rows of its last look at the model.
  struct Known {
    Tensor points;  // N × D
    Tensor dx;      // N × D
    std::vector<int> labels;
    LossSeed seed = nullptr;
  };

  const models::Classifier& model_;
  const View* view_;
  Rows origins_;
  Norm norm_ = Norm::kLinf;
  std::span<const double> epsilons_;
  Access access_;
  std::size_t max_rows_;
  models::Tape tape_;
  Tensor packed_;   // N × D, as all that attacks see; F with a view
  Tensor wide_;     // N × the model's D, with a view
  Tensor wide_dx_;  // likewise
  Tensor dlogits_;  // N × C
  Tensor dx_;       // N × D
  Tensor anchors_;  // samples × F, or × D without a front; allocated by the first anchor()
  Tensor shifted_;  // N × F or D
  Known known_;
  std::vector<std::uint8_t> succeeded_;
  std::vector<std::uint32_t> owners_;  // of the last forward pass
  std::uint64_t max_queries_ = 0;
  std::vector<std::uint64_t> forwards_;   // per sample
  std::vector<std::uint64_t> backwards_;  // per sample
};

}  // namespace gibbon::attacks
