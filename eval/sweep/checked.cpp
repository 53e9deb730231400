// SPDX-License-Identifier: MIT
#include "eval/sweep/checked.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace gibbon::eval::sweep {
namespace {

// Of the largest number of the row, and of each number: two orders above what float32 sums in
// different orders differ by, four below a dropped term.
constexpr double kOfRow = 1e-5;
constexpr double kOfValue = 1e-4;

template <class Value>
double largest(std::span<const Value> row) {
  double top = 0.0;
  for (const Value value : row) top = std::max(top, std::abs(static_cast<double>(value)));
  return top;
}

template <class Value>
double length(std::span<const Value> row) {
  double sum = 0.0;
  for (const Value value : row) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

/// ||W||_2 by power iteration: from below, and within a few percent after 30 rounds.
double spectral_norm(Rows weight) {
  std::vector<double> in(weight.cols, 1.0);
  std::vector<double> out(weight.rows);
  double norm = 0.0;
  for (int round = 0; round < 30; ++round) {
    const double scale = length<double>(in);
    if (scale == 0.0) return 0.0;
    for (std::size_t o = 0; o < weight.rows; ++o) {
      const Row row = weight.row(o);
      out[o] = std::inner_product(row.begin(), row.end(), in.begin(), 0.0) / scale;
    }
    norm = length<double>(out);
    std::ranges::fill(in, 0.0);
    for (std::size_t o = 0; o < weight.rows; ++o) {
      const Row row = weight.row(o);
      for (std::size_t i = 0; i < in.size(); ++i) in[i] += static_cast<double>(row[i]) * out[o];
    }
  }
  return norm;
}

/// Of a graph, whose branches count once: 1 in all but layers with weights. A place of the input
/// lies in as many windows as a window has places.
double gain_of(const models::Graph& graph) {
  double gain = 1.0;
  for (const models::Parameter& p : graph.parameters()) {
    if (p.role != models::Role::kDecayed) continue;
    const std::size_t columns = p.values.size() / p.dims[0];
    gain *= spectral_norm({p.values.data(), p.dims[0], columns});
    if (p.dims.size() == 4) gain *= std::sqrt(static_cast<double>(p.dims[1] * p.dims[2]));
  }
  return gain;
}

/// Layers whose slopes are rounded: activations that are not made of straight lines.
std::size_t rounded_slopes(const models::Graph& graph) {
  return static_cast<std::size_t>(std::ranges::count_if(graph.nodes, [](const models::Node& node) {
    const models::Blueprint layer = node.layer->blueprint();
    return layer.kind == "activation" && models::find_activation(layer.function).kink == "none";
  }));
}

double gain_of(const models::Network& network) {
  double gain = 1.0;
  for (const models::Dense& layer : network.layers) gain *= spectral_norm(layer.weight.view());
  const std::vector<float>& scale = network.normalisation.scale;
  return scale.empty() ? gain : gain / static_cast<double>(std::ranges::min(scale));
}

}  // namespace

CheckedClassifier::CheckedClassifier(const models::Classifier& ours, const models::Network& network)
    : ours_(ours),
      gain_(gain_of(network)),
      reference_(models::open_reference(network, models::Precision::kFloat32)) {
  layers_ = network.layers.size();
}

CheckedClassifier::CheckedClassifier(const models::Classifier& ours, const models::Graph& graph)
    : ours_(ours),
      layers_(rounded_slopes(graph)),
      gain_(layers_ == 0 ? 0.0 : gain_of(graph)),
      reference_(models::open_reference(graph, models::Precision::kFloat32)) {}

template <class Allowed>
void CheckedClassifier::compare(const char* pass, const models::Tape& tape, Rows ours,
                                const TensorOf<double>& theirs, const Allowed& allowed) const {
  compared_ += ours.rows;
  for (std::size_t n = 0; n < ours.rows; ++n) {
    const double scale = largest(theirs.row(n));
    for (std::size_t k = 0; k < ours.cols; ++k) {
      const auto mine = static_cast<double>(ours.row(n)[k]);
      const double other = theirs.row(n)[k];
      const double limit = allowed(n, scale, other);
      if (std::abs(mine - other) <= limit) continue;  // false for NaN
      if (std::isfinite(mine) && std::isfinite(other) && ours_.near_kink(tape, n, kOfRow)) {
        ++at_kinks_;
        break;
      }
      throw Error(
          ErrorKind::kCheckFailed,
          fmt::format("cross-check: {} {} of sample {} of its block is {}, LibTorch says {}; "
                      "they may differ by {:.1e}; run `gibbon crosscheck` on this model to "
                      "see which part disagrees",
                      pass, k, n, mine, other, limit));
    }
  }
}

Rows CheckedClassifier::forward(Rows x, models::Tape& tape) const {
  const Rows logits = ours_.forward(x, tape);
  {
    const std::lock_guard lock(mutex_);
    inputs_[tape.id()] = x;
  }
  compare("logit", tape, logits, reference_->forward(x),
          [](std::size_t, double scale, double value) {
            return kOfRow * scale + kOfValue * std::abs(value);
          });
  return logits;
}

void CheckedClassifier::start(Rows x, models::Tape& tape, MutableRows z) const {
  forward(x, tape);
  ours_.front()->start(x, tape, z);
}

void CheckedClassifier::backward(models::Tape& tape, Rows dlogits, MutableRows dx) const {
  ours_.backward(tape, dlogits, dx);
  Rows x;
  {
    const std::lock_guard lock(mutex_);
    const auto found = inputs_.find(tape.id());
    if (found == inputs_.end())
      throw std::logic_error("CheckedClassifier: backward before forward");
    x = found->second;
  }
  TensorOf<double> seeds(dlogits.rows, dlogits.cols);
  std::ranges::copy(dlogits.flat(), seeds.flat().begin());
  // Entries of one gradient are sums over the same paths, so each is as uncertain as the largest. A
  // slope such as a (1 - a) is uncertain by u = 2^-24, however small it is: that matters where
  // every neuron is saturated. And no float32 is closer than the smallest normal one.
  compare("input gradient", tape, dx, reference_->vjp(x, seeds.view()).inputs,
          [&](std::size_t n, double scale, double) {
            const double saturated =
                2.0 * 0x1p-24 * static_cast<double>(layers_) * gain_ * length(dlogits.row(n));
            return kOfValue * scale + saturated +
                   static_cast<double>(std::numeric_limits<float>::min());
          });
}

}  // namespace gibbon::eval::sweep
