// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "base/deadline.hpp"
#include "eval/verify/local_network.hpp"
#include "models/bounds/row_sums.hpp"

namespace gibbon::eval::verify {

/// z of all neurons of a LocalNetwork lies in [lower, upper].
struct Intervals {
  std::vector<double> lower;
  std::vector<double> upper;
};

/// The same with the lines around σ over these intervals, made once for all rows there.
class Enclosure {
 public:
  Enclosure() = default;
  Enclosure(const LocalNetwork& network, Intervals intervals);

  [[nodiscard]] const Intervals& intervals() const { return intervals_; }
  /// New intervals of the layers from `first` on, with their lines.
  void replace(const LocalNetwork& network, std::size_t first, Intervals intervals);

 private:
  friend class DualBatch;
  Intervals intervals_;
  std::vector<models::bounds::Relaxation> lines_;
};

/// One side of a case distinction: z >= point or z <= point at one neuron.
struct Split {
  std::uint32_t layer = 0;
  std::uint32_t index = 0;  ///< of the neuron in its layer
  bool above = false;       ///< z >= point
  double point = 0.0;
  double multiplier = 0.0;  ///< β >= 0 of this inequality
};

/// What a search chose for every neuron: points or slopes of lower lines, then of upper ones. To
/// start the next search from; empty: from where CROWN is.
using Choices = std::vector<float>;

/// How long and how fast to search.
struct Ascent {
  int iterations = 20;
  double slope_rate = 0.25;
  double point_rate = 0.15;
  double multiplier_rate = 0.08;
  double decay = 0.97;  ///< of all rates, per iteration
};

/// Lower bounds of forms over parts of the region, as tight as the choice of lines (α-CROWN, Xu et
/// al. 2021, arXiv 2011.13824) and multipliers of splits (β-CROWN, Wang et al. 2021, arXiv
/// 2103.06624) make them: both are ascended along their exact gradients (Danskin), without any
/// automatic differentiation. Rows do not influence each other, bit for bit.
///
/// A search walks on numbers that are merely close. What it ends on is evaluated once more with
/// every rounding accounted for, and only that proves anything.
class DualBatch {
 public:
  /// Memory for `max_rows` rows. optimise() and settle() throw TimeOver when the deadline passes.
  DualBatch(const LocalNetwork& network, std::size_t max_rows, const Deadline& deadline = {});

  /// Forgets all rows.
  void clear();
  /// A form over the part of the region that `enclosure` and `splits` leave; the enclosure holds
  /// what the splits say, too. All forms of a batch are over the same number of layers. `form` and
  /// `enclosure` must outlive the batch. A row is done once its sound bound exceeds `target`.
  void add(const Form& form, const Enclosure& enclosure, std::span<const Split> splits,
           const Choices& start, double target);

  /// Raises all bounds. Afterwards: bound(), proved() and, for rows that are not, the state below.
  void optimise(const Ascent& ascent);
  /// Sound bounds of the rows that are not proved, where the search has ended.
  void settle();

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] bool proved(std::size_t row) const { return rows_[row].proved; }
  /// Best bound seen: sound if proved() or after settle(), else to within rounding.
  [[nodiscard]] double bound(std::size_t row) const { return rows_[row].bound; }

  // Of a row that is not proved, as the last iteration left it.
  [[nodiscard]] Choices choices(std::size_t row) const;
  [[nodiscard]] std::span<const Split> splits(std::size_t row) const { return rows_[row].splits; }
  [[nodiscard]] std::span<const double> lambda(std::size_t row, std::size_t layer) const;
  [[nodiscard]] std::span<const double> z(std::size_t row, std::size_t layer) const;
  /// Coefficients of the input; the minimiser is at their lower ends where they are positive.
  [[nodiscard]] std::span<const double> slope(std::size_t row) const;
  [[nodiscard]] std::span<const double> minimiser(std::size_t row) const;
  [[nodiscard]] models::bounds::Lines lines(std::size_t row, std::size_t layer) const;
  [[nodiscard]] const Enclosure& enclosure(std::size_t row) const { return *rows_[row].enclosure; }

 private:
  struct Row {
    const Form* form = nullptr;
    const Enclosure* enclosure = nullptr;
    std::vector<Split> splits;
    std::vector<double> first;  // moments of the multipliers' gradients
    std::vector<double> second;
    double target = 0.0;
    double bound = 0.0;
    bool proved = false;
    std::size_t slot = 0;
  };
  /// One side of the lines of a layer, slot × width.
  struct SideState {
    TensorOf<double> slope;
    TensorOf<double> intercept;
    TensorOf<double> low;  // range of the parameter
    TensorOf<double> high;
    TensorOf<double> point;  // the parameter, where it is not the slope
    TensorOf<double> first;
    TensorOf<double> second;
    TensorOf<double> change;  // of the slope with the point
  };
  struct LayerState {
    TensorOf<double> lambda;
    TensorOf<double> z;
    SideState lower;
    SideState upper;
  };

  template <class Body>
  void for_each_tensor(const Body& body);
  void load_lines(std::size_t slot, std::size_t layer, const Enclosure& enclosure,
                  const Choices& start);
  void backward();
  [[nodiscard]] double finish(std::size_t slot);
  void forward();
  void update(const Ascent& ascent, int iteration);
  void update_side(std::size_t layer, SideState& side, double sign, double rate, int step);
  /// Sound bounds of the rows in these slots, into `found_`.
  void evaluate(std::span<const std::size_t> slots);
  void drop(std::size_t slot);
  [[nodiscard]] models::bounds::Lines lines_in(std::size_t slot, std::size_t layer) const;

  const LocalNetwork& network_;
  Deadline deadline_;
  std::size_t capacity_;
  std::vector<LayerState> layers_;
  TensorOf<double> product_;  // mu, or h: whatever enters the next product
  TensorOf<double> input_;    // coefficients of x
  TensorOf<double> x_;
  std::vector<Row> rows_;
  std::vector<std::size_t> owner_;  // of each slot in use
  std::vector<double> constant_;    // per slot
  bool moved_ = false;              // lines have left where their intercepts are sound
  // Of evaluate().
  std::vector<std::size_t> slots_;
  TensorOf<double> sound_;
  TensorOf<double> sound_next_;
  std::vector<models::bounds::Bounded> found_;
  std::vector<double> slope_;  // of update_side() and load_lines()
  std::vector<double> intercept_;
};

}  // namespace gibbon::eval::verify
