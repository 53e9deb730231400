// SPDX-License-Identifier: MIT
#include "models/train/robust/adversary.hpp"

#include <utility>

#include "base/rng.hpp"

namespace gibbon::models::train::robust {
namespace {

/// point = clamp(point + move, ball ∩ range), feature by feature.
template <class Float>
Float moved(Float point, Float move, Float x, Float epsilon, Box clip) {
  const Float low = std::max(x - epsilon, static_cast<Float>(clip.lower));
  const Float high = std::min(x + epsilon, static_cast<Float>(clip.upper));
  return std::min(std::max(point + move, low), high);
}

}  // namespace

template <class Float>
AdversaryOf<Float>::AdversaryOf(const ClassifierOf<Float>& model, std::size_t max_rows)
    : model_(model),
      tape_(model.make_tape(max_rows)),
      points_(max_rows, model.input_dim()),
      dx_(max_rows, model.input_dim()),
      dlogits_(max_rows, model.num_classes()) {}

template <class Float>
RowsOf<const Float> AdversaryOf<Float>::worsen(RowsOf<const Float> x, Labels labels,
                                               const Loss& loss, const AdversaryReach& reach,
                                               std::span<const std::uint64_t> keys,
                                               std::uint64_t seed) {
  const auto epsilon = static_cast<Float>(reach.epsilon);
  const Float size = Float(2.5) * epsilon / static_cast<Float>(reach.steps);
  const RowsOf<Float> points = points_.view().slice(0, x.rows);
  const RowsOf<Float> dx = dx_.view().slice(0, x.rows);
  const RowsOf<Float> dlogits = dlogits_.view().slice(0, x.rows);
  for (std::size_t n = 0; n < x.rows; ++n) {
    Rng rng(seed, keys[n], "adversarial-training");
    for (std::size_t j = 0; j < x.cols; ++j) {
      const Float move = epsilon * static_cast<Float>(rng.uniform(-1.0F, 1.0F));
      points.row(n)[j] = moved(x.row(n)[j], move, x.row(n)[j], epsilon, reach.clip);
    }
  }
  for (std::size_t step = 0; step < reach.steps; ++step) {
    const RowsOf<const Float> logits = model_.forward(points, tape_);
    for (std::size_t n = 0; n < x.rows; ++n) {
      loss.evaluate(logits.row(n), static_cast<std::size_t>(labels[n]), dlogits.row(n));
    }
    model_.backward(tape_, dlogits, dx);
    for (std::size_t k = 0; k < points.flat().size(); ++k) {
      const Float slope = dx.data[k];
      const Float move = slope > Float{0} ? size : (slope < Float{0} ? -size : Float{0});
      points.data[k] = moved(points.data[k], move, x.data[k], epsilon, reach.clip);
    }
  }
  return points;
}

template class AdversaryOf<float>;
template class AdversaryOf<double>;

}  // namespace gibbon::models::train::robust
