// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "models/bounds/relaxation.hpp"

namespace gibbon::models {

/// What bounds may rely on.
enum class Growth {
  kAny,
  kMonotone,  ///< σ never falls
  kHinge,     ///< and is z above 0, proportional to z below
};

/// An activation function σ, applied to every number alone. One file in models/activations/ each.
struct ActivationInfo {
  std::string_view name;        ///< key on the command line: [a-z0-9-]
  std::string_view formula;     ///< σ(z)
  std::string_view derivative;  ///< σ'(z)
  std::string_view kink;        ///< what σ' is where it does not exist; "none" for smooth ones
  std::string_view onnx_op;     ///< operator in a model file
  bool trainable;               ///< false: σ' is zero almost everywhere, nothing can be learnt
  double alpha;  ///< default of the one parameter (slope, gain); 0 when there is none
  Growth growth = Growth::kAny;  ///< for every parameter >= 0

  /// a[k] = σ(z[k]); a may be z.
  void (*forward)(double alpha, std::span<const float> z, std::span<float> a);
  void (*forward64)(double alpha, std::span<const double> z, std::span<double> a);
  /// Overwrites da with dz[k] = da[k] · σ'(z[k]), given z and a = σ(z) of the forward pass.
  void (*backward)(double alpha, std::span<const float> z, std::span<const float> a,
                   std::span<float> da);
  void (*backward64)(double alpha, std::span<const double> z, std::span<const double> a,
                     std::span<double> da);
  /// σ on [l, u] between two lines; null: none are known to be sound, so that models with this
  /// activation have no bounds. All NaN where `alpha` is such that none are known.
  bounds::Relaxation (*relax)(double alpha, double l, double u, bounds::SlopeRule rule) = nullptr;
  /// For a search for the best lines. The sound line of a given slope, moved to what is possible;
  /// null, as `relax` is, or where there is nothing to choose.
  bounds::Line (*line)(double alpha, double slope, double l, double u, bounds::Side side) = nullptr;
  /// The lines that touch σ at θ; null: θ is the slope, and the line passes through the origin.
  void (*follow)(std::span<const double> theta, const bounds::Tangents& out) = nullptr;
};

/// All activations compiled in, ordered by name.
[[nodiscard]] std::span<const ActivationInfo> activations();

/// Throws a usage Error with "did you mean" for an unknown name.
[[nodiscard]] const ActivationInfo& find_activation(std::string_view name);

/// An activation with its parameter: one per layer.
struct Activation {
  const ActivationInfo* info;
  double alpha;

  void forward(std::span<const float> z, std::span<float> a) const { info->forward(alpha, z, a); }
  void forward(std::span<const double> z, std::span<double> a) const {
    info->forward64(alpha, z, a);
  }
  void backward(std::span<const float> z, std::span<const float> a, std::span<float> da) const {
    info->backward(alpha, z, a, da);
  }
  void backward(std::span<const double> z, std::span<const double> a, std::span<double> da) const {
    info->backward64(alpha, z, a, da);
  }
  [[nodiscard]] bounds::Relaxation relax(double l, double u, bounds::SlopeRule rule) const {
    return info->relax == nullptr ? bounds::unknown_relaxation() : info->relax(alpha, l, u, rule);
  }
};

/// By name, with the default parameter.
[[nodiscard]] inline Activation make_activation(std::string_view name) {
  const ActivationInfo& info = find_activation(name);
  return {&info, info.alpha};
}

}  // namespace gibbon::models
