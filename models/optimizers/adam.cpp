// SPDX-License-Identifier: MIT
// Adam with the paper's constants β1 = 0.9, β2 = 0.999, ε = 1e-8, algorithm 1.
#include <cmath>

#include "base/simd.hpp"
#include "models/optimizer.hpp"

namespace gibbon::models {
namespace {

template <class Float>
[[gnu::always_inline]] inline void rule(const StepSize& size, std::span<const Float> gradient,
                                        std::span<Float> parameters, std::span<Float> first,
                                        std::span<Float> second) {
  constexpr double kBeta1 = 0.9;
  constexpr double kBeta2 = 0.999;
  const auto t = static_cast<double>(size.step);
  // m / (1 - β1^t) and v / (1 - β2^t) undo the bias towards the zeros both averages start from.
  const auto alpha = static_cast<Float>(size.learning_rate / (1.0 - std::pow(kBeta1, t)));
  const auto unbias = static_cast<Float>(1.0 / std::sqrt(1.0 - std::pow(kBeta2, t)));
  constexpr auto kKeep1 = static_cast<Float>(kBeta1);
  constexpr auto kKeep2 = static_cast<Float>(kBeta2);
  constexpr auto kTake1 = static_cast<Float>(1.0 - kBeta1);
  constexpr auto kTake2 = static_cast<Float>(1.0 - kBeta2);
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    first[k] = kKeep1 * first[k] + kTake1 * gradient[k];
    second[k] = kKeep2 * second[k] + kTake2 * gradient[k] * gradient[k];
    parameters[k] -= alpha * first[k] / (std::sqrt(second[k]) * unbias + static_cast<Float>(1e-8));
  }
}

GIBBON_OPTIMIZER_LOOPS(rule)

}  // namespace

const OptimizerInfo& adam_info() {
  static const OptimizerInfo info{
      .name = "adam",
      .formula =
          "m, v: running means of ∇L, ∇L² (β₁ = 0.9, β₂ = 0.999); W' = W - α m̂ / (√v̂ + 1e-8), "
          "m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ)",
      .source = "Kingma & Ba 2015, arXiv:1412.6980",
      .usual_learning_rate = 0.002,
      .full_batch = false,
      .states = 2,
      .step = step,
      .step64 = step64,
  };
  return info;
}

}  // namespace gibbon::models
