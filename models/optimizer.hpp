// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gibbon::models {

/// The numbers of one step: W' = W - α · (direction made of ∇L).
struct StepSize {
  double learning_rate;  ///< α
  double momentum;       ///< μ of momentum and nesterov
  std::uint64_t step;    ///< t = 1, 2, …
};

/// A rule that moves parameters along a gradient. One file in models/optimizers/ each.
struct OptimizerInfo {
  std::string_view name;
  std::string_view formula;
  std::string_view source;
  double usual_learning_rate;
  bool full_batch;     ///< one step per epoch over all training samples
  std::size_t states;  ///< vectors as long as the parameters that it carries between steps
  /// Updates `parameters` in place from the mean gradient; `first` and `second` are its state
  /// (empty when it has fewer), zero before the first step. Element k uses entries k alone.
  void (*step)(const StepSize&, std::span<const float> gradient, std::span<float> parameters,
               std::span<float> first, std::span<float> second);
  void (*step64)(const StepSize&, std::span<const double> gradient, std::span<double> parameters,
                 std::span<double> first, std::span<double> second);

  void apply(const StepSize& size, std::span<const float> gradient, std::span<float> parameters,
             std::span<float> first, std::span<float> second) const {
    step(size, gradient, parameters, first, second);
  }
  void apply(const StepSize& size, std::span<const double> gradient, std::span<double> parameters,
             std::span<double> first, std::span<double> second) const {
    step64(size, gradient, parameters, first, second);
  }
};

/// All optimizers compiled in, ordered by name.
[[nodiscard]] std::span<const OptimizerInfo> optimizers();
[[nodiscard]] const OptimizerInfo& find_optimizer(std::string_view name);

}  // namespace gibbon::models

/// Turns `template <class Float> [[gnu::always_inline]] inline void rule(…)` into the two functions
/// an OptimizerInfo names, compiled for several instruction sets. A macro: g++ 12 clones no
/// templates.
// NOLINTBEGIN(bugprone-macro-parentheses): rule is a template
#define GIBBON_OPTIMIZER_LOOPS(rule)                                              \
  GIBBON_SIMD void step(const StepSize& size, std::span<const float> gradient,    \
                        std::span<float> parameters, std::span<float> first,      \
                        std::span<float> second) {                                \
    rule<float>(size, gradient, parameters, first, second);                       \
  }                                                                               \
  GIBBON_SIMD void step64(const StepSize& size, std::span<const double> gradient, \
                          std::span<double> parameters, std::span<double> first,  \
                          std::span<double> second) {                             \
    rule<double>(size, gradient, parameters, first, second);                      \
  }
// NOLINTEND(bugprone-macro-parentheses)
