// SPDX-License-Identifier: MIT
#include "models/train/robust/robust_loss.hpp"

#include <cmath>
#include <utility>

#include "models/train/robust/sums.hpp"

namespace gibbon::models::train::robust {
namespace {

template <class Float>
void scale(double factor, std::span<Float> values) {
  for (Float& value : values) value *= static_cast<Float>(factor);
}

}  // namespace

template <class Float>
RobustLossOf<Float>::RobustLossOf(const TrainableOf<Float>& model, const RobustSettings& settings,
                                  std::size_t max_rows)
    : model_(model), settings_(settings), dlogits_(max_rows, model.passes().num_classes()) {
  if (!settings.bounds()) {
    adversary_.emplace(model.passes(), max_rows);
    tape_ = model.passes().make_tape(max_rows);
    gradient_.resize(model.parameters().size());
    return;
  }
  const MlpLayersOf<Float>* perceptron = model.perceptron();
  if (perceptron == nullptr) throw std::logic_error("RobustLoss: bounds of a graph");
  boxes_.emplace(*perceptron, max_rows);
  last_.emplace(*perceptron, max_rows);
  margins_.reshape(max_rows, perceptron->num_classes());
  if (settings.worst() != Worst::kLines) return;
  lines_.emplace(*perceptron, max_rows);
  by_lines_.reshape(max_rows, perceptron->num_classes());
}

template <class Float>
auto RobustLossOf<Float>::evaluate_logits(RowsOf<const Float> logits, Labels labels,
                                          const Loss& loss, double weight) -> Result {
  Result out;
  for (std::size_t n = 0; n < logits.rows; ++n) {
    const auto label = static_cast<std::size_t>(labels[n]);
    const std::span<const Float> z = logits.row(n);
    out.loss += loss.evaluate(z, label, dlogits_.row(n));
    out.standing +=
        static_cast<std::size_t>(std::ranges::max_element(z) - z.begin()) == label ? 1U : 0U;
  }
  scale(weight, dlogits_.view().slice(0, logits.rows).flat());
  return out;
}

template <class Float>
RowsOf<const Float> RobustLossOf<Float>::worsen(const Samples& samples, const Loss& loss,
                                                double epsilon) {
  return adversary_->worsen(samples.x, samples.labels, loss,
                            {.epsilon = epsilon, .steps = settings_.steps, .clip = settings_.clip},
                            samples.keys, samples.seed);
}

template <class Float>
auto RobustLossOf<Float>::add_adversary(const Samples& samples, const Loss& loss,
                                        const RobustPoint& at, std::span<Float> gradient)
    -> Result {
  const RowsOf<const Float> logits =
      model_.passes().forward(worsen(samples, loss, at.epsilon), tape_);
  const Result out = evaluate_logits(logits, samples.labels, loss, 1.0 - at.kappa);
  model_.backward_parameters(tape_, std::as_const(dlogits_).view().slice(0, samples.x.rows),
                             gradient_);
  model_.share_statistics(1.0 - at.kappa, gradient_);
  add_to(std::span<const Float>(gradient_), gradient);
  return out;
}

/// margins_ = β · by lines + (1 - β) · by intervals
template <class Float>
void RobustLossOf<Float>::mix_margins(const Samples& samples, const RobustPoint& at,
                                      std::span<const Float> sizes) {
  boxes_->forward(samples.x, at.epsilon, settings_.clip, sizes);
  const RowsOf<Float> margins = margins_.view().slice(0, samples.x.rows);
  last_->forward(*boxes_, samples.labels, margins);
  if (at.beta == 0.0) return;
  const RowsOf<Float> by_lines = by_lines_.view().slice(0, samples.x.rows);
  lines_->forward(*boxes_, samples.labels, by_lines);
  const auto beta = static_cast<Float>(at.beta);
  for (std::size_t k = 0; k < margins.flat().size(); ++k) {
    margins.data[k] = beta * by_lines.data[k] + (Float{1} - beta) * margins.data[k];
  }
}

template <class Float>
auto RobustLossOf<Float>::evaluate_margins(Labels labels, const Loss& loss, double weight)
    -> Result {
  // The worst logits: 0 for the label, -margin_t for every other class t.
  const RowsOf<Float> worst = margins_.view().slice(0, labels.size());
  for (Float& value : worst.flat()) value = -value;
  const Result out = evaluate_logits(worst, labels, loss, -weight);
  std::ranges::copy(std::as_const(dlogits_).view().slice(0, labels.size()).flat(), worst.data);
  return out;
}

template <class Float>
auto RobustLossOf<Float>::add(const Samples& samples, const Loss& loss, const RobustPoint& at,
                              std::span<const Float> sizes, std::span<Float> gradient) -> Result {
  if (adversary_) return add_adversary(samples, loss, at, gradient);
  mix_margins(samples, at, sizes);
  const Result out = evaluate_margins(samples.labels, loss, 1.0 - at.kappa);
  const RowsOf<Float> d_margins = margins_.view().slice(0, samples.x.rows);
  if (at.beta > 0.0) {
    const RowsOf<Float> d_lines = by_lines_.view().slice(0, samples.x.rows);
    std::ranges::copy(d_margins.flat(), d_lines.data);
    scale(at.beta, d_lines.flat());
    scale(1.0 - at.beta, d_margins.flat());
    lines_->backward(*boxes_, samples.labels, d_lines, gradient);
  }
  last_->backward(*boxes_, samples.labels, d_margins, gradient);
  boxes_->backward(sizes, gradient);
  return out;
}

template <class Float>
auto RobustLossOf<Float>::look(const Samples& samples, const Loss& loss, double epsilon,
                               std::span<const Float> sizes) -> Result {
  if (adversary_) {
    const RowsOf<const Float> logits =
        model_.passes().forward(worsen(samples, loss, epsilon), tape_);
    return evaluate_logits(logits, samples.labels, loss, 1.0);
  }
  mix_margins(samples, {.epsilon = epsilon, .beta = lines_ ? settings_.beta : 0.0}, sizes);
  return evaluate_margins(samples.labels, loss, 1.0);
}

template <class Float>
void take_sizes(std::span<const Float> parameters, std::span<Float> sizes) {
  expect_size("take_sizes: length of sizes", sizes.size(), parameters.size());
  for (std::size_t k = 0; k < sizes.size(); ++k) sizes[k] = std::abs(parameters[k]);
}

template void take_sizes(std::span<const float>, std::span<float>);
template void take_sizes(std::span<const double>, std::span<double>);
template class RobustLossOf<float>;
template class RobustLossOf<double>;

}  // namespace gibbon::models::train::robust
