// SPDX-License-Identifier: MIT
// Heavy-ball momentum, in LibTorch's form (the learning rate outside the velocity).
#include "base/simd.hpp"
#include "models/optimizer.hpp"

namespace gibbon::models {
namespace {

template <class Float>
[[gnu::always_inline]] inline void rule(const StepSize& size, std::span<const Float> gradient,
                                        std::span<Float> parameters, std::span<Float> velocity,
                                        std::span<Float> /*second*/) {
  const auto alpha = static_cast<Float>(size.learning_rate);
  const auto mu = static_cast<Float>(size.momentum);
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    velocity[k] = mu * velocity[k] + gradient[k];
    parameters[k] -= alpha * velocity[k];
  }
}

GIBBON_OPTIMIZER_LOOPS(rule)

}  // namespace

const OptimizerInfo& momentum_info() {
  static const OptimizerInfo info{
      .name = "momentum",
      .formula = "v = μ v + ∇L; W' = W - α v",
      .source = "Polyak 1964",
      .usual_learning_rate = 0.1,
      .full_batch = false,
      .states = 1,
      .step = step,
      .step64 = step64,
  };
  return info;
}

}  // namespace gibbon::models
