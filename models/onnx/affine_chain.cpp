// SPDX-License-Identifier: MIT
#include "models/onnx/affine_chain.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace gibbon::models::onnx {
namespace {

/// a + b is the double `sum` exactly.
bool exact_sum(double a, double b, double sum) { return sum - a == b && sum - b == a; }

/// a · b / c is the double `result` exactly; a · b must be exact, as it is for float32 factors.
bool exact_ratio(double a, double b, double c, double result) {
  return std::fma(a, b, -(a * b)) == 0.0 && std::fma(result, c, -(a * b)) == 0.0;
}

/// What was folded in may be too large for float32, or too small to divide by.
void require_finite(const Network& network) {
  const auto finite = [](float value) { return std::isfinite(value); };
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Dense& layer = network.layers[l];
    if (!std::ranges::all_of(layer.weight.flat(), finite) ||
        !std::ranges::all_of(layer.bias, finite)) {
      misfit("with its constants folded in, layer {} has weights outside the range of float32",
             l + 1);
    }
  }
  const Normalisation& n = network.normalisation;
  if (!std::ranges::all_of(n.shift, finite) || !std::ranges::all_of(n.scale, finite) ||
      std::ranges::count(n.scale, 0.0F) > 0) {
    misfit("the constants before its first layer give numbers outside the range of float32");
  }
}

}  // namespace

Tensor& AffineChain::product(std::size_t outputs, std::size_t inputs) {
  if (network_.layers.size() == kMostLayers) {
    misfit("it is layer {}; allowed are at most {}", kMostLayers + 1, kMostLayers);
  }
  budget_.take({outputs, inputs, sizeof(float)});
  network_.layers.push_back(Dense{.weight = {outputs, inputs},
                                  .bias = std::vector<float>(outputs),
                                  .activation = make_activation("identity")});
  open_ = true;
  return network_.layers.back().weight;
}

void AffineChain::activate(Activation activation) {
  if (!open_) throw std::logic_error("AffineChain: an activation without a layer");
  network_.layers.back().activation = activation;
  open_ = false;
}

void AffineChain::add(std::span<const double> terms) {
  apply(terms.size(), [&](std::size_t d) { return Step{1.0, 1.0, terms[d]}; });
}
void AffineChain::subtract(std::span<const double> terms) {
  apply(terms.size(), [&](std::size_t d) { return Step{1.0, 1.0, -terms[d]}; });
}
void AffineChain::multiply(std::span<const double> factors) {
  apply(factors.size(), [&](std::size_t d) { return Step{factors[d], 1.0, 0.0}; });
}
void AffineChain::divide(std::span<const double> divisors) {
  apply(divisors.size(), [&](std::size_t d) { return Step{1.0, divisors[d], 0.0}; });
}

template <class StepOf>
void AffineChain::apply(std::size_t width, const StepOf& step) {
  budget_.take({width, sizeof(Step)});
  if (empty()) {
    shift_.resize(width, 0.0);
    scale_.resize(width, 1.0);
    for (std::size_t d = 0; d < width; ++d) normalise(d, step(d));
    return;
  }
  if (!open_) {
    Tensor& diagonal = product(width, width);
    for (std::size_t d = 0; d < width; ++d) diagonal.row(d)[d] = 1.0F;
  }
  Dense& layer = network_.layers.back();
  budget_.take({layer.weight.flat().size(), sizeof(float)});
  for (std::size_t o = 0; o < width; ++o) {
    const Step wanted = step(o);
    if (wanted.factor != wanted.divisor) {
      for (float& w : layer.weight.row(o)) {
        w = folded(static_cast<double>(w), {wanted.factor, wanted.divisor, 0.0});
      }
    }
    layer.bias[o] = folded(static_cast<double>(layer.bias[o]), wanted);
  }
}

/// (x - shift) / scale · factor / divisor + term = (x - shift') / scale'
void AffineChain::normalise(std::size_t d, const Step& step) {
  const double scale = scale_[d] * step.divisor / step.factor;
  rounded_ |= !exact_ratio(scale_[d], step.divisor, step.factor, scale);
  const double moved = step.term * scale;
  const double shift = shift_[d] - moved;
  rounded_ |= std::fma(step.term, scale, -moved) != 0.0 || !exact_sum(shift_[d], -moved, shift);
  scale_[d] = scale;
  shift_[d] = shift;
}

float AffineChain::folded(double value, const Step& step) {
  const double scaled = value * step.factor / step.divisor;
  const double sum = scaled + step.term;
  const auto out = static_cast<float>(sum);
  rounded_ |= !exact_ratio(value, step.factor, step.divisor, scaled) ||
              !exact_sum(scaled, step.term, sum) || static_cast<double>(out) != sum;
  return out;
}

Network AffineChain::finish() {
  const auto narrow = [&](const std::vector<double>& from, std::vector<float>& to) {
    for (const double value : from) {
      to.push_back(static_cast<float>(value));
      rounded_ |= static_cast<double>(to.back()) != value;
    }
  };
  narrow(shift_, network_.normalisation.shift);
  narrow(scale_, network_.normalisation.scale);
  open_ = false;
  require_finite(network_);
  return std::exchange(network_, {});
}

}  // namespace gibbon::models::onnx
