// SPDX-License-Identifier: MIT
// Mini-batch stochastic gradient descent: the course's step on the mean over one mini-batch.
#include "base/simd.hpp"
#include "models/optimizer.hpp"

namespace gibbon::models {
namespace {

template <class Float>
[[gnu::always_inline]] inline void rule(const StepSize& size, std::span<const Float> gradient,
                                        std::span<Float> parameters, std::span<Float> /*first*/,
                                        std::span<Float> /*second*/) {
  // W' = W - α · mean ∇L
  const auto alpha = static_cast<Float>(size.learning_rate);
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k] -= alpha * gradient[k];
}

GIBBON_OPTIMIZER_LOOPS(rule)

}  // namespace

const OptimizerInfo& sgd_info() {
  static const OptimizerInfo info{
      .name = "sgd",
      .formula = "W' = W - α · mean ∇L over a mini-batch",
      .source = "Robbins & Monro 1951",
      .usual_learning_rate = 0.5,
      .full_batch = false,
      .states = 0,
      .step = step,
      .step64 = step64,
  };
  return info;
}

}  // namespace gibbon::models
