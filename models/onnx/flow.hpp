// SPDX-License-Identifier: MIT
#pragma once

#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

/// An operator that joins numbers of several samples, if the first axis counts samples.
class MixesSamples : public Misfit {
  using Misfit::Misfit;
};

/// What arrives at a node of the chain: the features of one sample in the shape the file gives
/// them, and which number each has in the layer (or the input) it came from. A first dimension that
/// is not 1 is a batch; a single axis with all features, or a column, is one sample.
///
/// All changes throw a Misfit where the operator could not be carried out sample by sample.
class Flow {
 public:
  /// Whether the first of several axes may count samples, or the whole tensor is one sample.
  enum class Batch { kFirstAxis, kNone };

  Flow() = default;
  /// An input of the file; 0 stands for a dimension without a number. Takes its features from
  /// `budget` before it makes them. Pictures of 3 or 4 channels before rows and columns are
  /// numbered as data sets have them, channels last.
  Flow(Dims dims, Batch batch, Budget& budget);

  [[nodiscard]] std::size_t width() const { return order_.size(); }
  [[nodiscard]] const Dims& dims() const { return dims_; }
  /// order()[k]: the feature at place k, as the layer before numbers it.
  [[nodiscard]] const std::vector<std::size_t>& order() const { return order_; }
  [[nodiscard]] bool in_order() const;
  /// The first axis may have several samples along it: more than 1, or no number in the file.
  [[nodiscard]] bool may_batch() const { return dims_.size() > 1 && (batch_ > 1 || open_); }

  /// Other dimensions, the same features in the same order.
  void set_dims(Dims dims);
  void transpose(const std::vector<std::size_t>& axes);

  /// A constant of shape `dims` beside the features, as NumPy broadcasts: for every feature, as the
  /// layer before numbers it, the place of its number. Never makes more features.
  [[nodiscard]] std::vector<std::size_t> broadcast(const Dims& dims);

  /// Behind a product with `outputs` features: rows · W, or W · column.
  void leave_rows(std::size_t outputs);
  void leave_column(std::size_t outputs);
  /// The sample is a row (all features along the last axis), a column (along the last but one).
  [[nodiscard]] bool is_row() const;
  [[nodiscard]] bool is_column() const;

 private:
  void number(std::size_t width);

  std::size_t batch_ = 1;
  bool open_ = false;  // the first dimension has no number
  Dims dims_;
  std::vector<std::size_t> order_;
};

}  // namespace gibbon::models::onnx
