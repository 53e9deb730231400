// SPDX-License-Identifier: MIT
// Gradient descent as the course does it: one step per epoch, over the mean of all gradients.
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

const OptimizerInfo& gd_info() {
  static const OptimizerInfo info{
      .name = "gd",
      .formula = "W' = W - α · mean ∇L over all training samples",
      .source = "Cauchy 1847",
      .usual_learning_rate = 1.0,
      .full_batch = true,
      .states = 0,
      .step = step,
      .step64 = step64,
  };
  return info;
}

}  // namespace gibbon::models
