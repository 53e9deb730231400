// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "base/simd.hpp"
#include "models/activation.hpp"

/// Turns a struct with
///   template <class Float> static Float value(Float alpha, Float z);           // σ(z)
///   template <class Float> static Float slope(Float alpha, Float z, Float a);  // σ'(z), a = σ(z)
/// into the four loops an ActivationInfo names. A macro, since g++ 12 clones no templates.
#define GIBBON_ACTIVATION_LOOPS(Function)                        \
  GIBBON_ACTIVATION_LOOPS_IN(Function, float, forward, backward) \
  GIBBON_ACTIVATION_LOOPS_IN(Function, double, forward64, backward64)

#define GIBBON_ACTIVATION_LOOPS_IN(Function, Float, forward_name, backward_name)                   \
  GIBBON_SIMD void forward_name(double alpha, std::span<const Float> z, std::span<Float> a) {      \
    const auto parameter = static_cast<Float>(alpha);                                              \
    for (std::size_t k = 0; k < z.size(); ++k) a[k] = Function::value(parameter, z[k]);            \
  }                                                                                                \
  GIBBON_SIMD void backward_name(double alpha, std::span<const Float> z, std::span<const Float> a, \
                                 std::span<Float> da) {                                            \
    const auto parameter = static_cast<Float>(alpha);                                              \
    for (std::size_t k = 0; k < z.size(); ++k) da[k] *= Function::slope(parameter, z[k], a[k]);    \
  }
