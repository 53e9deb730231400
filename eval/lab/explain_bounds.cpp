// SPDX-License-Identifier: MIT
#include "eval/lab/explain_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "eval/certify/certify.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/bounds/bounder.hpp"
#include "models/mlp.hpp"
#include "reports/record/text.hpp"

namespace gibbon::eval::lab {
namespace {

using Values = std::span<const double>;

std::string number(double value) { return fmt::format("{:+.6g}", value); }

/// A line below the margin, y_label - y_rival >= c + Σ_j λ_j x_j in input units, and the point of
/// the region where it is least.
struct Line {
  std::size_t rival = 0;
  double constant = 0.0;
  std::vector<double> slope;      ///< D
  models::bounds::Bounded least;  ///< over the region, with its rounding
  std::vector<double> where;      ///< D: x*
};

/// FMN's nearest counterexample; infinity: none.
double nearest_counterexample(const models::Network& network, const datasets::Dataset& one,
                              attacks::Norm norm) {
  sweep::SweepPlan plan{.norms = {norm}, .epsilons = {0.0}};
  plan.attacks.push_back(sweep::parse_entry("fmn"));
  return sweep::sweep(network, one, plan, [](const sweep::SweepStatus&) {}).samples.front().nearest;
}

/// Everything about one sample.
class Proof {
 public:
  Proof(const models::Network& network, const datasets::Dataset& one, attacks::Norm norm)
      : network_(network),
        one_(one),
        norm_(norm),
        label_(static_cast<std::size_t>(one.labels[0])) {}

  std::string tell() {
    static_cast<void>(certify::ball_of(norm_));  // throws where there are no bounds
    add("\nCERTIFICATE: certified radius of x in {}, by backward linear bounds (CROWN)",
        reports::record::norm_symbol(attacks::to_string(norm_)));
    try {
      const reports::record::CertifiedSample known =
          certify::certify(network_, one_,
                           {.norm = norm_,
                            .epsilons = {0.0},
                            .radius = certify::Radius::kBisect,
                            .limits = {.nodes = 0, .soundness = verify::Soundness::kReal}},
                           [](std::size_t, std::size_t) {})
              .samples.front();
      if (known.predicted != known.label) {
        add("    misclassified without perturbation: nothing to prove");
      } else if (known.certified <= 0.0) {
        add("    no radius can be certified: the margin is too small");
      } else {
        prove(known.certified);
        conclude(known.certified);
      }
    } catch (const Error& no_bounds) {
      add("    none: {}", no_bounds.what());
    }
    return std::move(text_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  void prove(double radius) {
    const models::bounds::Bounder bounder(network_);
    models::bounds::BoundTape tape = bounder.make_tape(1);
    const double reach = attacks::ThreatModel{norm_, radius, one_.range}.reach();
    bounder.enclose({.x = one_.images.view(),
                     .radii = Values(&reach, 1),
                     .ball = certify::ball_of(norm_),
                     .clip = one_.range},
                    tape);
    add("  ε = {:.6g}: every z lies in an interval [l, u], every σ(z) between two lines", radius);
    for (std::size_t l = 0; l < bounder.depth(); ++l) layer(l, tape.layers[l]);
    const Line line = weakest(bounder, tape, reach);
    margin(line, radius);
  }

  void layer(std::size_t l, const models::bounds::LayerBounds& bounds) {
    if (network_.layers[l].activation.info->name == "identity") return;
    std::size_t straight = 0;
    const std::size_t neurons = bounds.lower.cols();
    for (std::size_t i = 0; i < neurons; ++i) {
      straight += bounds.lower_slope.row(0)[i] == bounds.upper_slope.row(0)[i] &&
                          bounds.lower_intercept.row(0)[i] == bounds.upper_intercept.row(0)[i]
                      ? 1U
                      : 0U;
    }
    add("    layer {}: for {} of {} neurons the two lines are one, nothing is lost there", l + 1,
        straight, neurons);
    add("    z{0}[1] in [{1}, {2}]: {3} · z{0}[1] {4} ≤ a{0}[1] ≤ {5} · z{0}[1] {6}", l + 1,
        number(bounds.lower.row(0)[0]), number(bounds.upper.row(0)[0]),
        number(bounds.lower_slope.row(0)[0]), number(bounds.lower_intercept.row(0)[0]),
        number(bounds.upper_slope.row(0)[0]), number(bounds.upper_intercept.row(0)[0]));
  }

  /// The bounded margin that comes nearest to 0.
  Line weakest(const models::bounds::Bounder& bounder, models::bounds::BoundTape& tape,
               double reach) const {
    const std::size_t rivals = bounder.num_classes() - 1;
    TensorOf<models::bounds::Bounded> margins(1, rivals);
    bounder.margins(one_.labels, tape, margins.view());
    const auto least =
        std::ranges::min_element(margins.row(0), {}, [](const auto& bound) { return bound.low(); });
    const auto row = static_cast<std::size_t>(least - margins.row(0).begin());
    Line line{
        .rival = row < label_ ? row : row + 1,
        .constant = tape.rows.constant[row],
        .slope = {tape.rows.coefficients.row(row).begin(), tape.rows.coefficients.row(row).end()},
        .least = *least};
    const models::Normalisation& normalisation = network_.normalisation;
    for (std::size_t j = 0; j < normalisation.shift.size(); ++j) {
      line.slope[j] /= double{normalisation.scale[j]};
      line.constant -= line.slope[j] * double{normalisation.shift[j]};
    }
    line.where = minimiser(line.slope, reach);
    return line;
  }

  /// Where Σ_j λ_j x_j is least: over the ball, or over the box around it, whichever bounds better.
  [[nodiscard]] std::vector<double> minimiser(Values slope, double reach) const {
    std::vector<double> in_box;
    std::vector<double> in_ball;
    double length = 0.0;
    for (const double s : slope)
      length = norm_ == attacks::Norm::kL2 ? std::hypot(length, s) : std::max(length, std::abs(s));
    for (std::size_t j = 0; j < slope.size(); ++j) {
      const double x = one_.images.row(0)[j];
      in_box.push_back(slope[j] > 0.0 ? std::max(x - reach, double{one_.range.lower})
                                      : std::min(x + reach, double{one_.range.upper}));
      in_ball.push_back(x);
    }
    if (norm_ == attacks::Norm::kLinf || length == 0.0) return in_box;
    if (norm_ == attacks::Norm::kL2) {
      for (std::size_t j = 0; j < slope.size(); ++j) in_ball[j] -= reach * slope[j] / length;
    } else {
      const auto largest = static_cast<std::size_t>(
          std::ranges::max_element(slope, {}, [](double s) { return std::abs(s); }) -
          slope.begin());
      in_ball[largest] -= std::copysign(reach, slope[largest]);
    }
    return sum(slope, in_box) > sum(slope, in_ball) ? in_box : in_ball;
  }

  static double sum(Values slope, Values x) {
    return std::inner_product(slope.begin(), slope.end(), x.begin(), 0.0);
  }

  [[nodiscard]] std::string_view where_formula() const {
    if (norm_ == Norm::kLinf) {
      return "x*_j = x_j - ε where λ_j > 0, x_j + ε elsewhere, inside the valid range";
    }
    if (norm_ == Norm::kL2) return "x* = x - ε λ / ||λ||₂, or the corner of the box around it";
    if (norm_ == Norm::kL1) {
      return "x* = x - ε sign(λ_j) at the largest |λ_j|, or the corner of the box around it";
    }
    throw std::logic_error(fmt::format("explain: {} has no bounds", to_string(norm_)));
  }

  void margin(const Line& line, double radius) {
    add("  from y{0} - y{1} back to x: each λ_i takes its neuron's lower line if it is positive, "
        "else the upper one, then λ ← Wᵀ λ;\n  what is left is a line below the margin to class "
        "{1}, the one that comes nearest",
        label_, line.rival);
    add("    y{} - y{} ≥ g(x') = c + Σ_j λ_j x'_j, c = {}", label_, line.rival,
        number(line.constant));
    add("    least over the ball of radius ε at {}", where_formula());
    std::vector<std::size_t> order(line.slope.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::greater{},
                             [&](std::size_t j) { return std::abs(line.slope[j]); });
    std::string largest;
    for (std::size_t k = 0; k < std::min<std::size_t>(4, order.size()); ++k) {
      const std::size_t j = order[k];
      largest += fmt::format("{}λ[{}] = {} at x = {:.4g} → {:.4g}", k == 0 ? "" : ", ", j + 1,
                             number(line.slope[j]), one_.images.row(0)[j], line.where[j]);
    }
    add("    largest: {}", largest);
    const double at_least = sum(line.slope, line.where);
    add("    g(x*) = c + Σ_j λ_j x*_j = {} + {} = {}, at most {:.2g} of it rounding",
        number(line.constant), number(at_least), number(line.constant + at_least),
        2.0 * line.least.error);
    add("    it is above 0, as are the larger bounds of the other margins: no x' within ε = {:.6g} "
        "changes the prediction",
        radius);
    add("    the network itself has y{} - y{} = {} at x*", label_, line.rival,
        number(margin_at(line)));
  }

  [[nodiscard]] double margin_at(const Line& line) const {
    const models::MlpOf<double> model(network_);
    auto tape = model.make_tape(1);
    TensorOf<double> x(1, line.where.size());
    std::ranges::copy(line.where, x.row(0).begin());
    const auto y = model.forward(std::as_const(x).view(), tape).row(0);
    return y[label_] - y[line.rival];
  }

  void conclude(double certified) {
    const double attacked = nearest_counterexample(network_, one_, norm_);
    add("  the smallest distance that breaks the sample is in [{:.6g}, {}]: certified by CROWN, "
        "falsified by FMN",
        certified, std::isfinite(attacked) ? fmt::format("{:.6g}", attacked) : "∞");
  }

  const models::Network& network_;
  const datasets::Dataset& one_;
  attacks::Norm norm_;
  std::size_t label_;
  std::string text_;
};

}  // namespace

std::string explain_bounds(const models::Network& network, const datasets::Dataset& data,
                           std::size_t sample, attacks::Norm norm) {
  const datasets::Dataset one = datasets::select(data, fmt::format("{}:{}", sample, sample + 1));
  return Proof(network, one, norm).tell();
}

}  // namespace gibbon::eval::lab
