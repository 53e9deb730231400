// SPDX-License-Identifier: MIT
// Nesterov's accelerated gradient, in the form of Sutskever et al. 2013 that LibTorch uses.
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
    parameters[k] -= alpha * (gradient[k] + mu * velocity[k]);
  }
}

GIBBON_OPTIMIZER_LOOPS(rule)

}  // namespace

const OptimizerInfo& nesterov_info() {
  static const OptimizerInfo info{
      .name = "nesterov",
      .formula = "v = μ v + ∇L; W' = W - α (∇L + μ v)",
      .source = "Nesterov 1983; Sutskever et al. 2013",
      .usual_learning_rate = 0.1,
      .full_batch = false,
      .states = 1,
      .step = step,
      .step64 = step64,
  };
  return info;
}

}  // namespace gibbon::models
