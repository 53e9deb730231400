// SPDX-License-Identifier: MIT
#include "eval/verify/local_network.hpp"

#include <cmath>
#include <numeric>
#include <utility>

#include "models/kernels/gemm.hpp"

namespace gibbon::eval::verify {
namespace {

constexpr std::size_t kLanes = 8;

std::size_t rounded_up(std::size_t size) { return (size + kLanes - 1) / kLanes * kLanes; }

std::vector<double> filled_up(std::span<const double> values, double filling) {
  std::vector<double> out(values.begin(), values.end());
  out.resize(rounded_up(values.size()), filling);
  return out;
}

bool is_identity(const models::Activation& activation) {
  return activation.info->name == "identity";
}

}  // namespace

LocalNetwork::LocalNetwork(const models::bounds::Bounder& bounder,
                           const models::bounds::BoundTape& tape)
    : summation(models::bounds::gamma(bounder.terms())),
      lower(filled_up(tape.lower.row(0), 0.0)),
      upper(filled_up(tape.upper.row(0), 0.0)),
      centre(filled_up(tape.centre.row(0), 0.0)),
      magnitude(filled_up(tape.magnitude.row(0), 0.0)),
      stretch(filled_up(tape.stretch, 1.0)),
      ball(tape.ball),
      radius(tape.radii[0]) {
  std::vector<std::size_t> entering(bounder.input_dim());
  std::iota(entering.begin(), entering.end(), std::size_t{0});
  const std::size_t depth = bounder.depth();
  folded_ = is_identity(bounder.activation(depth - 1));
  const std::size_t hidden = folded_ ? depth - 1 : depth;
  for (std::size_t l = 0; l < hidden; ++l) {
    tape.deadline.check();
    const models::bounds::LayerBounds& bounds = tape.layers[l];
    LocalLayer layer{.first = neurons, .activation = bounder.activation(l)};
    for (std::size_t o = 0; o < bounder.weight(l).rows(); ++o) {
      if (bounds.low.row(0)[o] != 0.0 || bounds.high.row(0)[o] != 0.0) layer.alive.push_back(o);
    }
    const std::size_t width = rounded_up(std::max<std::size_t>(1, layer.alive.size()));
    layer.weight.reshape(width, rounded_up(entering.size()));
    std::ranges::fill(layer.weight.flat(), 0.0);
    for (std::vector<double>* part : {&layer.bias, &layer.lower, &layer.upper, &layer.rounding}) {
      part->resize(width);
    }
    for (std::size_t k = 0; k < layer.alive.size(); ++k) {
      const std::size_t o = layer.alive[k];
      for (std::size_t i = 0; i < entering.size(); ++i) {
        layer.weight.row(k)[i] = bounder.weight(l).row(o)[entering[i]];
      }
      layer.bias[k] = bounder.bias(l)[o];
      layer.lower[k] = bounds.lower.row(0)[o];
      layer.upper[k] = bounds.upper.row(0)[o];
      layer.rounding[k] = bounds.weight.row(0)[o];
    }
    layer.turned.reshape(layer.weight.cols(), width);
    models::kernels::transpose(std::as_const(layer.weight).view(), layer.turned.view());
    entering = layer.alive;
    neurons += width;
    layers.push_back(std::move(layer));
  }
  const std::size_t width = layers.empty() ? lower.size() : layers.back().width();
  const std::size_t classes = bounder.num_classes();
  last_.reshape(classes, width);
  std::ranges::fill(last_.flat(), 0.0);
  last_bias_.assign(classes, 0.0);
  last_size_.assign(width, 0.0);
  if (!folded_) {
    for (std::size_t k = 0; k < entering.size(); ++k) last_.row(entering[k])[k] = 1.0;
    return;
  }
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t i = 0; i < entering.size(); ++i) {
      last_.row(c)[i] = bounder.weight(depth - 1).row(c)[entering[i]];
    }
    last_bias_[c] = bounder.bias(depth - 1)[c];
  }
  for (std::size_t i = 0; i < entering.size(); ++i) {
    last_size_[i] = layers.empty()
                        ? magnitude[i]
                        : std::max(std::abs(tape.layers[depth - 2].low.row(0)[entering[i]]),
                                   std::abs(tape.layers[depth - 2].high.row(0)[entering[i]]));
  }
}

Form LocalNetwork::form(const Requirement& requirement) const {
  Form out{.layers = layers.size(), .constant = requirement.constant};
  out.magnitude = std::abs(requirement.constant);
  out.coefficients.assign(last_.cols(), 0.0);
  // As many roundings as there are classes with a weight, products included.
  double terms = 1.0;
  std::vector<double> sizes(last_.cols(), 0.0);
  for (std::size_t c = 0; c < last_.rows(); ++c) {
    const double weight = requirement.weights[c];
    if (weight == 0.0) continue;
    terms += 1.0;
    out.constant += weight * last_bias_[c];
    out.magnitude += std::abs(weight * last_bias_[c]);
    for (std::size_t i = 0; i < last_.cols(); ++i) {
      out.coefficients[i] += weight * last_.row(c)[i];
      sizes[i] += std::abs(weight * last_.row(c)[i]);
    }
  }
  if (folded_) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      out.error +=
          models::bounds::gamma(static_cast<std::size_t>(terms)) * sizes[i] * last_size_[i];
    }
  }
  return out;
}

Form LocalNetwork::neuron(std::size_t layer, std::size_t index, double sign) const {
  Form out{.layers = layer, .constant = sign * layers[layer].bias[index]};
  out.magnitude = std::abs(out.constant);
  for (const double w : layers[layer].weight.row(index)) out.coefficients.push_back(sign * w);
  return out;
}

}  // namespace gibbon::eval::verify
