// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "base/deadline.hpp"
#include "models/bounds/region.hpp"
#include "models/bounds/rounding.hpp"
#include "models/network.hpp"

namespace gibbon::models::bounds {

/// Bounds before an activation: backward ones (CROWN) alone, as published figures have them, or the
/// better of those and interval arithmetic (IBP).
enum class Intermediate { kBest, kBackward };

struct BoundRules {
  SlopeRule slope = SlopeRule::kAdaptive;
  Intermediate intermediate = Intermediate::kBest;
};

/// What is known of one layer in every region: z = W a + b lies in [lower, upper], its σ(z) between
/// two lines and in [low, high]. N × O each.
struct LayerBounds {
  TensorOf<double> lower;
  TensorOf<double> upper;
  TensorOf<double> lower_slope;
  TensorOf<double> lower_intercept;
  TensorOf<double> upper_slope;
  TensorOf<double> upper_intercept;
  TensorOf<double> low;
  TensorOf<double> high;
  TensorOf<double> weight;  ///< what a unit of coefficient before z adds to the rounding error
};

/// Rows of coefficients on their way from a layer to the input; a row bounds one number of one
/// sample from below.
struct BoundRows {
  TensorOf<double> coefficients;  ///< R × width of the layer they are at
  TensorOf<double> next;          ///< scratch of the product
  TensorOf<double> packed;        ///< columns of `coefficients` that are not all zero
  TensorOf<double> packed_weight;
  std::vector<std::size_t> used;    ///< which those are
  std::vector<std::size_t> sample;  ///< R
  std::vector<double> constant;     ///< R: c
  std::vector<double> magnitude;    ///< R: sum of the absolute values of what was added to c
  std::vector<double> error;        ///< R: E of the products so far
};

/// Memory of bounds, one per worker: what enclose() found, and scratch.
struct BoundTape {
  std::size_t samples = 0;  ///< N of the last enclose()
  Norm ball = Norm::kLinf;
  std::vector<double> radii;    ///< N
  std::vector<double> stretch;  ///< D: scale / share; a radius is so many times 1 / |stretch| long
  TensorOf<double> centre;      ///< N × D, normalised, as are the two below
  TensorOf<double> lower;       ///< the box around the region
  TensorOf<double> upper;
  TensorOf<double> magnitude;  ///< N × D: largest |x'_j| of ball or box
  std::vector<LayerBounds> layers;
  TensorOf<double> middle;  ///< scratch of interval arithmetic: centres, radii, magnitudes, …
  TensorOf<double> spread;
  TensorOf<double> largest;
  TensorOf<double> middle_out;
  TensorOf<double> spread_out;
  TensorOf<double> largest_out;
  BoundRows rows;
  Deadline deadline;  ///< enclose() and margins() throw TimeOver when it passes
};

/// Bounds of a multilayer perceptron beside its forward and its backward pass: intervals (IBP) and
/// backward linear bounds (CROWN, DeepPoly; Fast-Lin by the rule of slopes) over a ball, with or
/// without clipping to the valid range. All in double, with the rounding error of the bound beside
/// it: sound in real arithmetic for the weights as stored.
///
/// Immutable, shared by all threads. What is found for a sample depends on that sample alone, bit
/// for bit, whatever the batch.
class Bounder {
 public:
  /// Throws a usage Error for activations that have no sound relaxation, by name, and an input
  /// Error for weights that are not finite.
  explicit Bounder(const Network& network, BoundRules rules = {});

  [[nodiscard]] std::size_t input_dim() const { return widths_.front(); }
  [[nodiscard]] std::size_t num_classes() const { return widths_.back(); }
  [[nodiscard]] std::size_t depth() const { return widths_.size() - 1; }  ///< layers of weights

  /// Memory for up to `max_samples` regions; what follows allocates only when it has more.
  [[nodiscard]] BoundTape make_tape(std::size_t max_samples) const;

  /// Bounds of all layers over N regions: tape.layers[l] of layer l is overwritten.
  void enclose(const Regions& regions, BoundTape& tape) const;
  /// Likewise over one region.
  void enclose(const BoxRegion& region, BoundTape& tape) const;

  /// Lower bounds of y_label - y_t over the regions of the last enclose(), N × (C - 1): t in rising
  /// order without the label. The difference is one row, never two bounds subtracted. With
  /// Intermediate::kBest the better of the backward bound and of intervals through the last layer,
  /// which is the tighter one for networks that were trained by intervals.
  void margins(Labels labels, BoundTape& tape, RowsOf<Bounded> out) const;

  /// How far each output of a forward pass can be from real arithmetic anywhere in region n, in an
  /// arithmetic that rounds by at most `unit` relatively (2^-53 in double, 2^-24 in float32), for
  /// any order of summation. Infinite where nothing is known.
  void rounding(const BoundTape& tape, std::size_t n, double unit, std::span<double> out) const;

  /// W (O × I), W^T, b and σ of layer l, and x' = (x - shift) / scale before the first.
  [[nodiscard]] const TensorOf<double>& weight(std::size_t l) const { return weight_[l]; }
  [[nodiscard]] std::span<const double> bias(std::size_t l) const { return bias_[l]; }
  [[nodiscard]] const Activation& activation(std::size_t l) const { return activations_[l]; }
  [[nodiscard]] std::span<const double> shift() const { return shift_; }
  [[nodiscard]] std::span<const double> scale() const { return scale_; }
  [[nodiscard]] std::size_t terms() const { return terms_; }  ///< summands of a bound, at most

 private:
  void place(const Regions& regions, BoundTape& tape) const;
  void place(std::size_t n, std::size_t j, double low, double high, double centre,
             BoundTape& tape) const;
  void resize(std::size_t samples, std::span<const float> share, BoundTape& tape) const;
  void enclose_placed(BoundTape& tape) const;
  void propagate(std::size_t l, BoundTape& tape) const;
  void tighten(std::size_t l, BoundTape& tape) const;
  void relax(std::size_t l, BoundTape& tape) const;
  /// From coefficients of z of layer l (already in `rows`) to coefficients of what enters it.
  void step_down(std::size_t l, BoundRows& rows) const;
  /// Rows over the outputs of the first `layers` layers become bounds over the input.
  void descend(std::size_t layers, BoundTape& tape) const;
  [[nodiscard]] Bounded finish(const BoundTape& tape, std::size_t row) const;
  /// The margin by what is known of the numbers that enter the last layer.
  [[nodiscard]] Bounded margin_by_intervals(const BoundTape& tape, std::size_t sample,
                                            std::size_t label, std::size_t other) const;

  BoundRules rules_;
  std::vector<std::size_t> widths_;  // D, …, C
  std::vector<Activation> activations_;
  std::vector<TensorOf<double>> weight_;       // W (O × I)
  std::vector<TensorOf<double>> turned_;       // W^T (I × O)
  std::vector<TensorOf<double>> turned_size_;  // |W|^T (I × O)
  std::vector<std::vector<double>> bias_;
  std::vector<double> shift_;
  std::vector<double> scale_;  // 1 where the model does not normalise
  std::size_t terms_ = 0;      // summands of a constant, at most
};

}  // namespace gibbon::models::bounds
