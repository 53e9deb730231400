// SPDX-License-Identifier: MIT
#include "models/bounds/bounder.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "models/bounds/row_sums.hpp"
#include "models/kernels/gemm.hpp"

namespace gibbon::models::bounds {
namespace {

constexpr std::size_t kRows = 256;  // enough that products run at full speed, few enough for L2

// In a sum of n products and a bias, a term is rounded as a product and with each of n additions:
// n + 1 times. One more pays for the arithmetic of the error itself.
constexpr std::size_t kRoundingsBesidesTerms = 2;
// Of an activation's value: what our own exp, and what is made of it, may be off by.
constexpr double kUnitsOfActivation = 8.0;

TensorOf<double> in_double(const Tensor& matrix) {
  TensorOf<double> out(matrix.rows(), matrix.cols());
  std::ranges::copy(matrix.flat(), out.flat().begin());
  return out;
}

TensorOf<double> transposed(const TensorOf<double>& matrix) {
  TensorOf<double> out(matrix.cols(), matrix.rows());
  kernels::transpose(matrix.view(), out.view());
  return out;
}

void require_finite(std::span<const float> values, std::string_view what) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (std::isfinite(values[k])) continue;
    fail_input("bounds: {}, value {} is {}; only finite numbers have bounds; train the model again",
               what, k, values[k]);
  }
}

/// Throws unless lines around the activation are known for its parameter.
void require_relaxation(const Activation& activation, std::size_t layer) {
  if (activation.info->relax != nullptr) {
    if (std::isfinite(activation.relax(-1.0, 1.0, SlopeRule::kAdaptive).low)) return;
    fail_usage(
        "bounds: layer {}: activation {} with parameter {} has no sound relaxation; allowed is a "
        "parameter in [0, 1]",
        layer + 1, activation.info->name, activation.alpha);
  }
  std::string known;
  for (const ActivationInfo& info : activations()) {
    if (info.relax != nullptr) known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  fail_usage(
      "bounds: layer {}: activation {} has no sound relaxation; allowed are {}; train a model with "
      "one of them",
      layer + 1, activation.info->name, known);
}

bool is_identity(const Activation& activation) { return activation.info->name == "identity"; }

void reshape(LayerBounds& layer, std::size_t rows, std::size_t cols) {
  for (TensorOf<double>* part :
       {&layer.lower, &layer.upper, &layer.lower_slope, &layer.lower_intercept, &layer.upper_slope,
        &layer.upper_intercept, &layer.low, &layer.high, &layer.weight}) {
    part->reshape(rows, cols);
  }
}

}  // namespace

Bounder::Bounder(const Network& network, BoundRules rules)
    : rules_(rules), widths_{network.input_dim()} {
  network.check();
  require_finite(network.normalisation.shift, "shift of the normalisation");
  require_finite(network.normalisation.scale, "scale of the normalisation");
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    reading_deadline.check_time();
    const Dense& layer = network.layers[l];
    require_finite(layer.weight.flat(), fmt::format("weights of layer {}", l + 1));
    require_finite(layer.bias, fmt::format("bias of layer {}", l + 1));
    require_relaxation(layer.activation, l);
    widths_.push_back(layer.weight.rows());
    activations_.push_back(layer.activation);
    weight_.push_back(in_double(layer.weight));
    turned_.push_back(transposed(weight_.back()));
    turned_size_.push_back(turned_.back());
    for (double& w : turned_size_.back().flat()) w = std::abs(w);
    bias_.emplace_back(layer.bias.begin(), layer.bias.end());
    terms_ += 2 * layer.bias.size();
  }
  terms_ += input_dim() + 16;
  shift_.assign(network.normalisation.shift.begin(), network.normalisation.shift.end());
  scale_.assign(network.normalisation.scale.begin(), network.normalisation.scale.end());
  shift_.resize(input_dim(), 0.0);
  scale_.resize(input_dim(), 1.0);
}

BoundTape Bounder::make_tape(std::size_t max_samples) const {
  BoundTape tape;
  const std::size_t widest = *std::ranges::max_element(widths_);
  tape.radii.resize(max_samples);
  for (TensorOf<double>* part : {&tape.centre, &tape.lower, &tape.upper, &tape.magnitude}) {
    part->reshape(max_samples, input_dim());
  }
  for (TensorOf<double>* part : {&tape.middle, &tape.spread, &tape.largest, &tape.middle_out,
                                 &tape.spread_out, &tape.largest_out}) {
    part->reshape(max_samples, widest);
  }
  tape.layers.resize(depth());
  std::size_t largest_weight = 0;
  for (std::size_t l = 0; l < depth(); ++l) {
    reshape(tape.layers[l], max_samples, widths_[l + 1]);
    largest_weight = std::max(largest_weight, weight_[l].flat().size());
  }
  BoundRows& rows = tape.rows;
  for (TensorOf<double>* part : {&rows.coefficients, &rows.next, &rows.packed}) {
    part->reshape(kRows, widest);
  }
  rows.packed_weight.reshape(1, largest_weight);
  rows.used.reserve(widest);
  rows.sample.resize(kRows);
  for (std::vector<double>* part : {&rows.constant, &rows.magnitude, &rows.error}) {
    part->resize(kRows);
  }
  return tape;
}

void Bounder::enclose(const Regions& regions, BoundTape& tape) const {
  expect_size("Bounder: input width", regions.x.cols, input_dim());
  expect_size("Bounder: number of radii", regions.radii.size(), regions.x.rows);
  place(regions, tape);
  enclose_placed(tape);
}

void Bounder::enclose(const BoxRegion& region, BoundTape& tape) const {
  expect_size("Bounder: lower ends", region.lower.size(), input_dim());
  expect_size("Bounder: upper ends", region.upper.size(), input_dim());
  resize(1, region.share, tape);
  tape.ball = region.centre.empty() ? Norm::kLinf : region.ball;
  tape.radii.assign(1, region.radius);
  for (std::size_t j = 0; j < input_dim(); ++j) {
    const double middle =
        region.centre.empty() ? 0.5 * region.lower[j] + 0.5 * region.upper[j] : region.centre[j];
    place(0, j, region.lower[j], region.upper[j], middle, tape);
  }
  enclose_placed(tape);
}

void Bounder::enclose_placed(BoundTape& tape) const {
  for (std::size_t l = 0; l < depth(); ++l) {
    reshape(tape.layers[l], tape.samples, widths_[l + 1]);
    propagate(l, tape);
    if (!is_identity(activations_[l])) tighten(l, tape);
    relax(l, tape);
  }
}

void Bounder::resize(std::size_t samples, std::span<const float> share, BoundTape& tape) const {
  tape.samples = samples;
  tape.stretch.assign(scale_.begin(), scale_.end());
  if (!share.empty()) expect_size("Bounder: shares of the radius", share.size(), input_dim());
  // A share of 0 makes it infinite, and whatever is divided by it 0.
  for (std::size_t j = 0; j < share.size(); ++j) tape.stretch[j] /= static_cast<double>(share[j]);
  for (TensorOf<double>* part : {&tape.centre, &tape.lower, &tape.upper, &tape.magnitude}) {
    part->reshape(samples, input_dim());
  }
}

void Bounder::place(const Regions& regions, BoundTape& tape) const {
  resize(regions.x.rows, regions.share, tape);
  tape.ball = regions.ball;
  tape.radii.assign(regions.radii.begin(), regions.radii.end());
  for (std::size_t n = 0; n < tape.samples; ++n) {
    for (std::size_t j = 0; j < input_dim(); ++j) {
      const double x = regions.x.row(n)[j];
      const double share = regions.share.empty() ? 1.0 : static_cast<double>(regions.share[j]);
      double low = low_end(x, tape.radii[n], share);
      double high = high_end(x, tape.radii[n], share);
      if (regions.clip) {
        low = std::max(low, static_cast<double>(regions.clip->lower));
        high = std::min(high, static_cast<double>(regions.clip->upper));
      }
      place(n, j, low, high, x, tape);
    }
  }
}

/// Feature j of region n as the first layer sees it: normalised, every rounding outward.
void Bounder::place(std::size_t n, std::size_t j, double low, double high, double centre,
                    BoundTape& tape) const {
  if (scale_[j] < 0.0) std::swap(low, high);
  const bool plain = shift_[j] == 0.0 && scale_[j] == 1.0;
  const auto normalised = [&](double value) { return (value - shift_[j]) / scale_[j]; };
  double& lower = tape.lower.row(n)[j];
  double& upper = tape.upper.row(n)[j];
  lower = plain ? low : outward_low(normalised(low));
  upper = plain ? high : outward_high(normalised(high));
  const double middle = normalised(centre);
  tape.centre.row(n)[j] = middle;
  tape.magnitude.row(n)[j] =
      std::max({std::abs(lower), std::abs(upper),
                std::abs(middle) + tape.radii[n] / std::abs(tape.stretch[j])});
}

/// Interval arithmetic: z in W (low + high) / 2 + b -+ |W| (high - low) / 2, rounded outward.
void Bounder::propagate(std::size_t l, BoundTape& tape) const {
  const std::size_t inputs = widths_[l];
  const std::size_t outputs = widths_[l + 1];
  const TensorOf<double>& low = l == 0 ? tape.lower : tape.layers[l - 1].low;
  const TensorOf<double>& high = l == 0 ? tape.upper : tape.layers[l - 1].high;
  for (TensorOf<double>* part : {&tape.middle, &tape.spread, &tape.largest}) {
    part->reshape(tape.samples, inputs);
  }
  for (TensorOf<double>* part : {&tape.middle_out, &tape.spread_out, &tape.largest_out}) {
    part->reshape(tape.samples, outputs);
  }
  for (std::size_t k = 0; k < low.flat().size(); ++k) {
    tape.middle.flat()[k] = 0.5 * (low.flat()[k] + high.flat()[k]);
    tape.spread.flat()[k] = 0.5 * (high.flat()[k] - low.flat()[k]);
    tape.largest.flat()[k] = std::max(std::abs(low.flat()[k]), std::abs(high.flat()[k]));
  }
  if (l == 0) std::ranges::copy(tape.magnitude.flat(), tape.largest.flat().begin());
  const RowsOf<const double> size = turned_size_[l].view();
  kernels::multiply(std::as_const(tape.middle).view(), turned_[l].view(), tape.middle_out.view());
  kernels::multiply(std::as_const(tape.spread).view(), size, tape.spread_out.view());
  kernels::multiply(std::as_const(tape.largest).view(), size, tape.largest_out.view());
  LayerBounds& layer = tape.layers[l];
  const double rounding = 2.0 * gamma(inputs + 8);
  for (std::size_t n = 0; n < tape.samples; ++n) {
    for (std::size_t o = 0; o < outputs; ++o) {
      const double middle = tape.middle_out.row(n)[o] + bias_[l][o];
      const double spread = tape.spread_out.row(n)[o] +
                            rounding * (tape.largest_out.row(n)[o] + std::abs(bias_[l][o])) + kTiny;
      layer.lower.row(n)[o] = middle - spread;
      layer.upper.row(n)[o] = middle + spread;
    }
  }
}

/// Backward bounds of z of layer l, from rows W_i and -W_i; they take the place of the intervals
/// where they are better, or wherever the rules say so.
void Bounder::tighten(std::size_t l, BoundTape& tape) const {
  const std::size_t outputs = widths_[l + 1];
  const std::size_t total = 2 * outputs * tape.samples;
  LayerBounds& layer = tape.layers[l];
  BoundRows& rows = tape.rows;
  for (std::size_t first = 0; first < total; first += kRows) {
    const std::size_t count = std::min(kRows, total - first);
    rows.coefficients.reshape(count, widths_[l]);
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t neuron = (first + r) / 2 % outputs;
      const double sign = (first + r) % 2 == 0 ? 1.0 : -1.0;
      rows.sample[r] = (first + r) / (2 * outputs);
      std::ranges::transform(weight_[l].row(neuron), rows.coefficients.row(r).begin(),
                             [sign](double w) { return sign * w; });
      rows.constant[r] = sign * bias_[l][neuron];
      rows.magnitude[r] = std::abs(bias_[l][neuron]);
      rows.error[r] = 0.0;
    }
    descend(l, tape);
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t neuron = (first + r) / 2 % outputs;
      const bool is_lower = (first + r) % 2 == 0;
      const Bounded bound = finish(tape, r);
      const bool known = std::isfinite(bound.value) && std::isfinite(bound.error);
      double& slot = (is_lower ? layer.lower : layer.upper).row(rows.sample[r])[neuron];
      const bool best = rules_.intermediate == Intermediate::kBest;
      if (!known) {
        if (!best) slot = std::numeric_limits<double>::quiet_NaN();
        continue;
      }
      if (is_lower) {
        slot = best ? std::max(slot, bound.low()) : bound.low();
      } else {
        slot = best ? std::min(slot, -bound.low()) : -bound.low();
      }
    }
  }
}

void Bounder::relax(std::size_t l, BoundTape& tape) const {
  LayerBounds& layer = tape.layers[l];
  const double products = gamma(widths_[l] + 2);
  for (std::size_t k = 0; k < layer.lower.flat().size(); ++k) {
    const double low = layer.lower.flat()[k];
    const double high = layer.upper.flat()[k];
    const Relaxation r = activations_[l].relax(low, high, rules_.slope);
    layer.lower_slope.flat()[k] = r.lower.slope;
    layer.lower_intercept.flat()[k] = r.lower.intercept;
    layer.upper_slope.flat()[k] = r.upper.slope;
    layer.upper_intercept.flat()[k] = r.upper.intercept;
    layer.low.flat()[k] = r.low;
    layer.high.flat()[k] = r.high;
    layer.weight.flat()[k] = products * tape.largest_out.flat()[k] +
                             3.0 * kEta * std::max(std::abs(low), std::abs(high));
  }
}

void Bounder::descend(std::size_t layers, BoundTape& tape) const {
  BoundRows& rows = tape.rows;
  for (std::size_t l = layers; l-- > 0;) {
    tape.deadline.check();
    const LayerBounds& layer = tape.layers[l];
    for (std::size_t r = 0; r < rows.coefficients.rows(); ++r) {
      const std::size_t n = rows.sample[r];
      const Lines lines{layer.lower_slope.row(n), layer.lower_intercept.row(n),
                        layer.upper_slope.row(n), layer.upper_intercept.row(n)};
      const Added added =
          cross_activation(lines, bias_[l], layer.weight.row(n), rows.coefficients.row(r));
      rows.constant[r] += added.constant;
      rows.magnitude[r] += added.magnitude;
      rows.error[r] += added.error;
    }
    step_down(l, rows);
  }
}

/// coefficients (R × O) · W (O × I). Neurons that no row of the batch needs, such as all dead ones,
/// are left out of the product: adding zeros would give the same bits.
void Bounder::step_down(std::size_t l, BoundRows& rows) const {
  const std::size_t count = rows.coefficients.rows();
  const std::size_t outputs = widths_[l + 1];
  const RowsOf<const double> all = std::as_const(rows.coefficients).view();
  rows.used.clear();
  for (std::size_t o = 0; o < outputs; ++o) {
    bool used = false;
    for (std::size_t r = 0; r < count && !used; ++r) used = all.row(r)[o] != 0.0;
    if (used) rows.used.push_back(o);
  }
  rows.next.reshape(count, widths_[l]);
  if (rows.used.size() == outputs) {
    kernels::multiply(all, weight_[l].view(), rows.next.view());
  } else {
    rows.packed.reshape(count, rows.used.size());
    rows.packed_weight.reshape(rows.used.size(), widths_[l]);
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t k = 0; k < rows.used.size(); ++k) {
        rows.packed.row(r)[k] = all.row(r)[rows.used[k]];
      }
    }
    for (std::size_t k = 0; k < rows.used.size(); ++k) {
      std::ranges::copy(weight_[l].row(rows.used[k]), rows.packed_weight.row(k).begin());
    }
    kernels::multiply(std::as_const(rows.packed).view(), std::as_const(rows.packed_weight).view(),
                      rows.next.view());
  }
  std::swap(rows.coefficients, rows.next);
}

/// The least value of a row over its region: over ball and box, the larger of both.
Bounded Bounder::finish(const BoundTape& tape, std::size_t row) const {
  const BoundRows& rows = tape.rows;
  const std::size_t n = rows.sample[row];
  const std::span<const double> c = rows.coefficients.row(row);
  double least = least_in_box(c, tape.lower.row(n), tape.upper.row(n));
  if (tape.ball != Norm::kLinf) {
    const double length = dual_length(tape.ball, c, tape.stretch);
    const double in_ball = dot(c, tape.centre.row(n)) - tape.radii[n] * length;
    if (!(least > in_ball)) least = in_ball;  // a NaN stays
  }
  const double magnitude = rows.magnitude[row] + size_within(c, tape.magnitude.row(n));
  return {rows.constant[row] + least, rows.error[row] + gamma(terms_) * magnitude + kTiny};
}

Bounded Bounder::margin_by_intervals(const BoundTape& tape, std::size_t sample, std::size_t label,
                                     std::size_t other) const {
  const std::size_t last = depth() - 1;
  const auto low = last == 0 ? tape.lower.row(sample) : tape.layers[last - 1].low.row(sample);
  const auto high = last == 0 ? tape.upper.row(sample) : tape.layers[last - 1].high.row(sample);
  const std::span<const double> own = weight_[last].row(label);
  const std::span<const double> theirs = weight_[last].row(other);
  double least = bias_[last][label] - bias_[last][other];
  double magnitude = std::abs(bias_[last][label]) + std::abs(bias_[last][other]);
  for (std::size_t j = 0; j < own.size(); ++j) {
    const double c = own[j] - theirs[j];
    least += c * (c > 0.0 ? low[j] : high[j]);
    magnitude += std::abs(c) * std::max(std::abs(low[j]), std::abs(high[j]));
  }
  // Each summand is rounded as a difference, as a product and once per addition after it.
  return {least, gamma(own.size() + 8) * magnitude + kTiny};
}

void Bounder::margins(Labels labels, BoundTape& tape, RowsOf<Bounded> out) const {
  const std::size_t classes = num_classes();
  expect_size("Bounder: number of labels", labels.size(), tape.samples);
  expect_size("Bounder: rows of margins", out.rows, tape.samples);
  expect_size("Bounder: margins per sample", out.cols, classes - 1);
  const std::size_t total = out.rows * out.cols;
  BoundRows& rows = tape.rows;
  for (std::size_t first = 0; first < total; first += kRows) {
    const std::size_t count = std::min(kRows, total - first);
    rows.coefficients.reshape(count, classes);
    for (std::size_t r = 0; r < count; ++r) {
      rows.sample[r] = (first + r) / out.cols;
      const auto label = static_cast<std::size_t>(labels[rows.sample[r]]);
      const std::size_t other = (first + r) % out.cols;
      std::ranges::fill(rows.coefficients.row(r), 0.0);
      rows.coefficients.row(r)[label] = 1.0;
      rows.coefficients.row(r)[other < label ? other : other + 1] = -1.0;
      rows.constant[r] = rows.magnitude[r] = rows.error[r] = 0.0;
    }
    descend(depth(), tape);
    for (std::size_t r = 0; r < count; ++r) {
      Bounded& best = out.flat()[first + r];
      best = finish(tape, r);
      if (rules_.intermediate != Intermediate::kBest || !is_identity(activations_.back())) continue;
      const std::size_t sample = rows.sample[r];
      const auto label = static_cast<std::size_t>(labels[sample]);
      const std::size_t other = (first + r) % out.cols;
      const Bounded direct =
          margin_by_intervals(tape, sample, label, other < label ? other : other + 1);
      if (direct.low() > best.low()) best = direct;
    }
  }
}

/// e_k = |W| e_{k-1} + γ_{n+2} (|W| (H + e_{k-1}) + |b|), what σ makes of it at most as large, and
/// σ's own rounding: units of a value that is at most H in size.
void Bounder::rounding(const BoundTape& tape, std::size_t n, double unit,
                       std::span<double> out) const {
  std::vector<double> error(input_dim());
  std::vector<double> size(tape.magnitude.row(n).begin(), tape.magnitude.row(n).end());
  const bool plain = std::ranges::all_of(scale_, [](double s) { return s == 1.0; }) &&
                     std::ranges::all_of(shift_, [](double s) { return s == 0.0; });
  // (x - shift) / scale: two roundings, the first of something as large as scale · x' + 2 shift.
  for (std::size_t j = 0; !plain && j < error.size(); ++j) {
    error[j] = 4.0 * unit * (size[j] + 2.0 * std::abs(shift_[j] / scale_[j]));
  }
  for (std::size_t l = 0; l < depth(); ++l) {
    const LayerBounds& layer = tape.layers[l];
    const double terms = static_cast<double>(widths_[l] + kRoundingsBesidesTerms) * unit;
    const double gamma_of_unit = terms < 0.5 ? terms / (1.0 - terms) : HUGE_VAL;
    std::vector<double> next(widths_[l + 1]);
    for (std::size_t o = 0; o < next.size(); ++o) {
      double inherited = 0.0;
      double sum = std::abs(bias_[l][o]);
      for (std::size_t i = 0; i < error.size(); ++i) {
        const double w = std::abs(weight_[l].row(o)[i]);
        inherited += w * error[i];
        sum += w * (size[i] + error[i]);
      }
      next[o] = (inherited + gamma_of_unit * sum + kTiny) * (1.0 + 1e-9);
    }
    error.swap(next);
    size.resize(error.size());
    for (std::size_t o = 0; o < error.size(); ++o) {
      size[o] = std::max(std::abs(layer.low.row(n)[o]), std::abs(layer.high.row(n)[o]));
      // No activation with a relaxation is steeper than 1.
      if (!is_identity(activations_[l]))
        error[o] += kUnitsOfActivation * unit * (size[o] + error[o]);
    }
  }
  std::ranges::copy(error, out.begin());
}

}  // namespace gibbon::models::bounds
