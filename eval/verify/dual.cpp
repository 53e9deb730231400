// SPDX-License-Identifier: MIT
#include "eval/verify/dual.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "eval/verify/dual_loops.hpp"
#include "models/kernels/gemm.hpp"

namespace gibbon::eval::verify {
namespace {

using models::bounds::Side;

// Multipliers of splits come on top of what a bound without them adds up.
constexpr double kSummandsWithSplits = 2.0;

bool touches(const LocalLayer& layer) { return layer.activation.info->follow != nullptr; }

}  // namespace

Enclosure::Enclosure(const LocalNetwork& network, Intervals intervals) {
  replace(network, 0, std::move(intervals));
}

void Enclosure::replace(const LocalNetwork& network, std::size_t first, Intervals intervals) {
  intervals_ = std::move(intervals);
  lines_.resize(network.neurons);
  for (std::size_t k = first; k < network.layers.size(); ++k) {
    const LocalLayer& layer = network.layers[k];
    for (std::size_t i = layer.first; i < layer.first + layer.width(); ++i) {
      lines_[i] = layer.activation.relax(intervals_.lower[i], intervals_.upper[i],
                                         models::bounds::SlopeRule::kAdaptive);
    }
  }
}

DualBatch::DualBatch(const LocalNetwork& network, std::size_t max_rows, const Deadline& deadline)
    : network_(network), deadline_(deadline), capacity_(max_rows) {
  std::size_t widest = network.lower.size();
  for (const LocalLayer& layer : network.layers) {
    const std::size_t width = layer.width();
    widest = std::max(widest, width);
    LayerState& state = layers_.emplace_back();
    state.lambda.reshape(max_rows, width);
    state.z.reshape(max_rows, width);
    for (SideState* side : {&state.lower, &state.upper}) {
      side->slope.reshape(max_rows, width);
      side->intercept.reshape(max_rows, width);
      if (!touches(layer) && side == &state.upper) continue;
      for (TensorOf<double>* part : {&side->low, &side->high, &side->first, &side->second}) {
        part->reshape(max_rows, width);
      }
      if (!touches(layer)) continue;
      side->point.reshape(max_rows, width);
      side->change.reshape(max_rows, width);
    }
  }
  product_.reshape(max_rows, widest);
  input_.reshape(max_rows, network.lower.size());
  x_.reshape(max_rows, network.lower.size());
  sound_.reshape(max_rows, widest);
  sound_next_.reshape(max_rows, widest);
  constant_.resize(max_rows);
  found_.resize(max_rows);
  slope_.resize(widest);
  intercept_.resize(widest);
}

void DualBatch::clear() {
  rows_.clear();
  owner_.clear();
  moved_ = false;
}

template <class Body>
void DualBatch::for_each_tensor(const Body& body) {
  for (LayerState& layer : layers_) {
    body(layer.lambda);
    body(layer.z);
    for (SideState* side : {&layer.lower, &layer.upper}) {
      for (TensorOf<double>* part : {&side->slope, &side->intercept, &side->low, &side->high,
                                     &side->point, &side->first, &side->second, &side->change}) {
        if (part->rows() > 0) body(*part);
      }
    }
  }
  body(input_);
  body(x_);
}

void DualBatch::add(const Form& form, const Enclosure& enclosure, std::span<const Split> splits,
                    const Choices& start, double target) {
  const std::size_t slot = owner_.size();
  if (slot == capacity_) throw std::logic_error("DualBatch: more rows than it was made for");
  owner_.push_back(rows_.size());
  rows_.push_back({.form = &form,
                   .enclosure = &enclosure,
                   .splits = {splits.begin(), splits.end()},
                   .first = std::vector<double>(splits.size()),
                   .second = std::vector<double>(splits.size()),
                   .target = target,
                   .bound = -std::numeric_limits<double>::infinity(),
                   .slot = slot});
  for (std::size_t k = 0; k < form.layers; ++k) load_lines(slot, k, enclosure, start);
  const std::span<double> top =
      form.layers == 0 ? input_.row(slot) : layers_[form.layers - 1].lambda.row(slot);
  std::ranges::copy(form.coefficients, top.begin());
}

void DualBatch::load_lines(std::size_t slot, std::size_t layer, const Enclosure& enclosure,
                           const Choices& start) {
  const LocalLayer& local = network_.layers[layer];
  LayerState& state = layers_[layer];
  for (const models::bounds::Side which :
       {models::bounds::Side::kLower, models::bounds::Side::kUpper}) {
    SideState& side = which == models::bounds::Side::kLower ? state.lower : state.upper;
    const std::span<double> slope = side.slope.row(slot);
    const std::span<double> intercept = side.intercept.row(slot);
    for (std::size_t i = 0; i < local.width(); ++i) {
      const models::bounds::Relaxation& lines = enclosure.lines_[local.first + i];
      const models::bounds::Line& line =
          which == models::bounds::Side::kLower ? lines.lower : lines.upper;
      slope[i] = line.slope;
      intercept[i] = line.intercept;
    }
    if (side.low.rows() == 0) continue;
    std::ranges::fill(side.first.row(slot), 0.0);
    std::ranges::fill(side.second.row(slot), 0.0);
    const std::span<double> parameter = touches(local) ? side.point.row(slot) : slope;
    for (std::size_t i = 0; i < local.width(); ++i) {
      const std::size_t neuron = local.first + i;
      const models::bounds::Relaxation& lines = enclosure.lines_[neuron];
      const models::bounds::Freedom& free =
          which == models::bounds::Side::kLower ? lines.lower_freedom : lines.upper_freedom;
      const bool fixed = !(free.low < free.high);
      // A slope that is fixed stays what it is.
      const double at = touches(local) ? free.at : slope[i];
      side.low.row(slot)[i] = fixed ? at : free.low;
      side.high.row(slot)[i] = fixed ? at : free.high;
      parameter[i] = at;
      if (fixed || start.empty()) continue;
      const std::size_t from =
          which == models::bounds::Side::kLower ? neuron : network_.neurons + neuron;
      parameter[i] = std::clamp(static_cast<double>(start[from]), free.low, free.high);
    }
  }
  if (!touches(local) || start.empty()) return;
  for (SideState* side : {&state.lower, &state.upper}) {
    const std::span<double> slope(slope_.data(), local.width());
    const std::span<double> intercept(intercept_.data(), local.width());
    local.activation.info->follow(side->point.row(slot),
                                  {slope, intercept, side->change.row(slot)});
    take_free(side->low.row(slot), side->high.row(slot), slope, side->slope.row(slot));
    take_free(side->low.row(slot), side->high.row(slot), intercept, side->intercept.row(slot));
  }
  moved_ = true;
}

models::bounds::Lines DualBatch::lines_in(std::size_t slot, std::size_t layer) const {
  const LayerState& state = layers_[layer];
  return {state.lower.slope.row(slot), state.lower.intercept.row(slot), state.upper.slope.row(slot),
          state.upper.intercept.row(slot)};
}

/// From the forms to coefficients of the input: μ_i = λ_i ρ_i - s_i β_i, λ^{k-1} = (W^k)^T μ.
void DualBatch::backward() {
  const std::size_t count = owner_.size();
  const std::size_t top = rows_[owner_[0]].form->layers;
  for (std::size_t s = 0; s < count; ++s) constant_[s] = rows_[owner_[s]].form->constant;
  for (std::size_t k = top; k-- > 0;) {
    const LocalLayer& local = network_.layers[k];
    LayerState& state = layers_[k];
    product_.reshape(count, local.width());
    for (std::size_t s = 0; s < count; ++s) {
      const std::span<double> mu = product_.row(s);
      double constant = cross(lines_in(s, k), local.bias, state.lambda.row(s), mu);
      for (const Split& split : rows_[owner_[s]].splits) {
        if (split.layer != k) continue;
        const double signed_multiplier = split.above ? split.multiplier : -split.multiplier;
        mu[split.index] -= signed_multiplier;
        constant += signed_multiplier * (split.point - local.bias[split.index]);
      }
      constant_[s] += constant;
    }
    TensorOf<double>& below = k == 0 ? input_ : layers_[k - 1].lambda;
    models::kernels::multiply_fused(std::as_const(product_).view(), local.weight.view(),
                                    below.view().slice(0, count));
  }
}

/// The least value over the region, and the point where it is: over ball and box, whichever gives
/// more.
double DualBatch::finish(std::size_t slot) {
  const std::span<const double> c = input_.row(slot);
  const std::span<double> x = x_.row(slot);
  double least = least_corner(c, network_.lower, network_.upper, x);
  if (network_.ball != Norm::kLinf) {
    const bool euclidean = network_.ball == Norm::kL2;
    const double length = models::bounds::dual_length(network_.ball, c, network_.stretch);
    const double in_ball = models::bounds::dot(c, network_.centre) - network_.radius * length;
    if (in_ball > least) {
      least = in_ball;
      std::ranges::copy(network_.centre, x.begin());
      for (std::size_t j = 0; j < x.size() && length > 0.0; ++j) {
        const double part = c[j] / network_.stretch[j];
        if (euclidean) x[j] -= network_.radius * part / (length * network_.stretch[j]);
        if (!euclidean && std::abs(part) == length) {
          x[j] -= network_.radius * std::copysign(1.0, part) / network_.stretch[j];
          break;
        }
      }
    }
  }
  return constant_[slot] + least;
}

/// Along the lines that backward() chose, from the minimisers: what the gradients need.
void DualBatch::forward() {
  const std::size_t count = owner_.size();
  const std::size_t top = rows_[owner_[0]].form->layers;
  for (std::size_t k = 0; k < top; ++k) {
    const LocalLayer& local = network_.layers[k];
    LayerState& state = layers_[k];
    const RowsOf<double> z = state.z.view().slice(0, count);
    models::kernels::multiply_fused(
        k == 0 ? std::as_const(x_).view().slice(0, count) : std::as_const(product_).view(),
        local.turned.view(), z);
    product_.reshape(count, local.width());
    for (std::size_t s = 0; s < count; ++s) {
      pass(lines_in(s, k), local.bias, state.lambda.row(s), z.row(s), product_.row(s));
    }
  }
}

void DualBatch::update_side(std::size_t layer, SideState& side, double sign, double rate,
                            int step) {
  const LocalLayer& local = network_.layers[layer];
  const LayerState& state = layers_[layer];
  for (std::size_t s = 0; s < owner_.size(); ++s) {
    const Climb climb{.low = side.low.row(s),
                      .high = side.high.row(s),
                      .parameter = touches(local) ? side.point.row(s) : side.slope.row(s),
                      .first = side.first.row(s),
                      .second = side.second.row(s),
                      .rate = rate,
                      .step = step};
    if (!touches(local)) {
      climb_slopes(state.lambda.row(s), state.z.row(s), climb);
      continue;
    }
    const std::size_t size = local.width();
    const std::span<double> slope(slope_.data(), size);
    const std::span<double> intercept(intercept_.data(), size);
    const models::bounds::Tangents out{slope, intercept, side.change.row(s)};
    if (step == 1) local.activation.info->follow(side.point.row(s), out);  // for the change alone
    climb_points(sign, state.lambda.row(s), state.z.row(s), side.change.row(s), climb);
    local.activation.info->follow(side.point.row(s), out);
    take_free(side.low.row(s), side.high.row(s), slope, side.slope.row(s));
    take_free(side.low.row(s), side.high.row(s), intercept, side.intercept.row(s));
    moved_ = true;
  }
}

void DualBatch::update(const Ascent& ascent, int iteration) {
  const double decay = std::pow(ascent.decay, iteration);
  const std::size_t top = rows_[owner_[0]].form->layers;
  for (std::size_t k = 0; k < top; ++k) {
    const LocalLayer& local = network_.layers[k];
    if (local.activation.info->line == nullptr) continue;
    const double rate = decay * (touches(local) ? ascent.point_rate : ascent.slope_rate);
    update_side(k, layers_[k].lower, 1.0, rate, iteration + 1);
    if (touches(local)) update_side(k, layers_[k].upper, -1.0, rate, iteration + 1);
  }
  const double first_scale = 1.0 / (1.0 - std::pow(0.9, iteration + 1));
  const double second_scale = 1.0 / (1.0 - std::pow(0.999, iteration + 1));
  for (std::size_t s = 0; s < owner_.size(); ++s) {
    Row& row = rows_[owner_[s]];
    for (std::size_t b = 0; b < row.splits.size(); ++b) {
      Split& split = row.splits[b];
      if (split.layer >= top) continue;
      // forward: c += s β p, μ -= s β, hence ∂g/∂β = s (p - z)
      const double z = layers_[split.layer].z.row(s)[split.index];
      const double gradient = split.above ? split.point - z : z - split.point;
      row.first[b] = 0.9 * row.first[b] + 0.1 * gradient;
      row.second[b] = 0.999 * row.second[b] + 0.001 * gradient * gradient;
      split.multiplier = std::max(
          0.0, split.multiplier + decay * ascent.multiplier_rate * row.first[b] * first_scale /
                                      (std::sqrt(row.second[b] * second_scale) + 1e-12));
    }
  }
}

void DualBatch::evaluate(std::span<const std::size_t> slots) {
  const std::size_t count = slots.size();
  if (count == 0) return;
  const std::size_t top = rows_[owner_[slots[0]]].form->layers;
  const std::size_t entering = top == 0 ? input_.cols() : network_.layers[top - 1].width();
  sound_.reshape(count, entering);
  std::vector<models::bounds::Added> sums(count);
  for (std::size_t r = 0; r < count; ++r) {
    const Form& form = *rows_[owner_[slots[r]]].form;
    std::ranges::copy(form.coefficients, sound_.row(r).begin());
    sums[r] = {form.constant, form.magnitude, form.error};
  }
  std::vector<double> lower_intercept;
  std::vector<double> upper_intercept;
  for (std::size_t k = top; k-- > 0;) {
    const LocalLayer& local = network_.layers[k];
    for (std::size_t r = 0; r < count; ++r) {
      const Row& row = rows_[owner_[slots[r]]];
      const std::span<double> c = sound_.row(r);
      models::bounds::Lines lines = lines_in(slots[r], k);
      if (moved_ && touches(local)) {
        lower_intercept.assign(lines.lower_intercept.begin(), lines.lower_intercept.end());
        upper_intercept.assign(lines.upper_intercept.begin(), lines.upper_intercept.end());
        for (std::size_t i = 0; i < local.alive.size(); ++i) {
          const bool upper = !(c[i] > 0.0);
          const double slope = (upper ? lines.upper_slope : lines.lower_slope)[i];
          const models::bounds::Line line = local.activation.info->line(
              local.activation.alpha, slope, row.enclosure->intervals().lower[local.first + i],
              row.enclosure->intervals().upper[local.first + i],
              upper ? models::bounds::Side::kUpper : models::bounds::Side::kLower);
          // What it cannot use as it stands it has moved; then the old line is the sound one.
          if (line.slope == slope) {
            (upper ? upper_intercept : lower_intercept)[i] = line.intercept;
          } else {
            (upper ? upper_intercept : lower_intercept)[i] =
                std::numeric_limits<double>::quiet_NaN();
          }
        }
        lines.lower_intercept = lower_intercept;
        lines.upper_intercept = upper_intercept;
      }
      const models::bounds::Added added =
          models::bounds::cross_activation(lines, local.bias, local.rounding, c);
      sums[r].constant += added.constant;
      sums[r].magnitude += added.magnitude;
      sums[r].error += added.error;
      for (const Split& split : row.splits) {
        if (split.layer != k || split.multiplier == 0.0) continue;
        const double signed_multiplier = split.above ? split.multiplier : -split.multiplier;
        const double bias = local.bias[split.index];
        c[split.index] -= signed_multiplier;
        sums[r].constant += signed_multiplier * split.point - signed_multiplier * bias;
        sums[r].magnitude += split.multiplier * (std::abs(split.point) + std::abs(bias));
        sums[r].error += split.multiplier * local.rounding[split.index];
      }
    }
    sound_next_.reshape(count, k == 0 ? input_.cols() : network_.layers[k - 1].width());
    models::kernels::multiply_fused(std::as_const(sound_).view(), local.weight.view(),
                                    sound_next_.view());
    std::swap(sound_, sound_next_);
  }
  for (std::size_t r = 0; r < count; ++r) {
    const std::span<const double> c = sound_.row(r);
    double least = models::bounds::least_in_box(c, network_.lower, network_.upper);
    if (network_.ball != Norm::kLinf) {
      const double length = models::bounds::dual_length(network_.ball, c, network_.stretch);
      const double in_ball = models::bounds::dot(c, network_.centre) - network_.radius * length;
      if (!(least > in_ball)) least = in_ball;  // a NaN stays
    }
    const double magnitude = sums[r].magnitude + models::bounds::size_within(c, network_.magnitude);
    found_[r] = {sums[r].constant + least,
                 sums[r].error + kSummandsWithSplits * network_.summation * magnitude +
                     models::bounds::kTiny};
  }
}

/// The last slot takes the place of this one.
void DualBatch::drop(std::size_t slot) {
  const std::size_t last = owner_.size() - 1;
  if (slot != last) {
    for_each_tensor([&](TensorOf<double>& tensor) {
      std::ranges::copy(std::as_const(tensor).row(last), tensor.row(slot).begin());
    });
    constant_[slot] = constant_[last];
    owner_[slot] = owner_[last];
    rows_[owner_[slot]].slot = slot;
  }
  owner_.pop_back();
}

void DualBatch::optimise(const Ascent& ascent) {
  for (int iteration = 0; !owner_.empty(); ++iteration) {
    deadline_.check();
    backward();
    slots_.clear();
    for (std::size_t s = 0; s < owner_.size(); ++s) {
      Row& row = rows_[owner_[s]];
      const double bound = finish(s);
      row.bound = std::max(row.bound, bound);
      if (bound > row.target) slots_.push_back(s);
    }
    evaluate(slots_);
    for (std::size_t r = slots_.size(); r-- > 0;) {
      Row& row = rows_[owner_[slots_[r]]];
      const models::bounds::Bounded& found = found_[r];
      if (!std::isfinite(found.value) || !std::isfinite(found.error)) continue;
      if (!(found.low() > row.target)) continue;
      row.bound = found.low();
      row.proved = true;
      drop(slots_[r]);
    }
    if (owner_.empty()) return;
    forward();
    if (iteration >= ascent.iterations) return;
    update(ascent, iteration);
  }
}

void DualBatch::settle() {
  deadline_.check();
  slots_.resize(owner_.size());
  for (std::size_t s = 0; s < slots_.size(); ++s) slots_[s] = s;
  evaluate(slots_);
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    const double low = found_[s].low();
    rows_[owner_[s]].bound = std::isfinite(low) ? low : -std::numeric_limits<double>::infinity();
  }
}

Choices DualBatch::choices(std::size_t row) const {
  const Row& of = rows_[row];
  Choices out;
  bool touching = false;
  for (const LocalLayer& layer : network_.layers) touching = touching || touches(layer);
  out.resize(touching ? 2 * network_.neurons : network_.neurons);
  for (std::size_t k = 0; k < of.form->layers; ++k) {
    const LocalLayer& local = network_.layers[k];
    const LayerState& state = layers_[k];
    const auto parameters = [&](const SideState& side) {
      return touches(local) ? side.point.row(of.slot) : side.slope.row(of.slot);
    };
    for (std::size_t i = 0; i < local.width(); ++i) {
      out[local.first + i] = static_cast<float>(parameters(state.lower)[i]);
      if (!touches(local)) continue;
      out[network_.neurons + local.first + i] = static_cast<float>(parameters(state.upper)[i]);
    }
  }
  return out;
}

std::span<const double> DualBatch::lambda(std::size_t row, std::size_t layer) const {
  return layers_[layer].lambda.row(rows_[row].slot);
}
std::span<const double> DualBatch::z(std::size_t row, std::size_t layer) const {
  return layers_[layer].z.row(rows_[row].slot);
}
std::span<const double> DualBatch::slope(std::size_t row) const {
  return input_.row(rows_[row].slot);
}
std::span<const double> DualBatch::minimiser(std::size_t row) const {
  return x_.row(rows_[row].slot);
}
models::bounds::Lines DualBatch::lines(std::size_t row, std::size_t layer) const {
  return lines_in(rows_[row].slot, layer);
}

}  // namespace gibbon::eval::verify
