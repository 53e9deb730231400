// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "models/loss.hpp"

// Shared by the losses: the output ŷ and the chain rule through it, in double.
namespace gibbon::models {

template <class Float>
void apply_output_inline(Output output, std::span<const Float> z, std::span<double> answer) {
  switch (output) {
    case Output::kIdentity: std::ranges::copy(z, answer.begin()); return;
    case Output::kSigmoid:
      for (std::size_t k = 0; k < z.size(); ++k) {
        answer[k] = 1.0 / (1.0 + std::exp(-static_cast<double>(z[k])));
      }
      return;
    case Output::kSoftmax: {
      const double top = *std::ranges::max_element(z);
      double total = 0.0;
      for (std::size_t k = 0; k < z.size(); ++k) {
        answer[k] = std::exp(static_cast<double>(z[k]) - top);
        total += answer[k];
      }
      for (double& p : answer) p /= total;
      return;
    }
  }
}

/// dz[k] = Σ_i dŷ_i · ∂ŷ_i/∂z_k, given ŷ: the backward pass of apply_output_inline().
template <class Float>
void output_backward(Output output, std::span<const double> answer,
                     std::span<const double> d_answer, std::span<Float> dz) {
  switch (output) {
    case Output::kIdentity:
      // forward: ŷ = z
      for (std::size_t k = 0; k < dz.size(); ++k) dz[k] = static_cast<Float>(d_answer[k]);
      return;
    case Output::kSigmoid:
      // forward: ŷ_k = 1 / (1 + e^-z_k), hence ∂ŷ_k/∂z_k = ŷ_k (1 - ŷ_k)
      for (std::size_t k = 0; k < dz.size(); ++k) {
        dz[k] = static_cast<Float>(d_answer[k] * answer[k] * (1.0 - answer[k]));
      }
      return;
    case Output::kSoftmax: {
      // forward: ŷ_i = e^z_i / Σ e^z_j, hence ∂ŷ_i/∂z_k = ŷ_i ([i = k] - ŷ_k)
      double along = 0.0;
      for (std::size_t i = 0; i < dz.size(); ++i) along += d_answer[i] * answer[i];
      for (std::size_t k = 0; k < dz.size(); ++k) {
        dz[k] = static_cast<Float>(answer[k] * (d_answer[k] - along));
      }
      return;
    }
  }
}

/// scale · Σ_k (ŷ_k - y_k)², y one-hot, and its gradient by the logits.
template <class Float>
double squared_error(Output output, std::span<const Float> z, std::size_t label, double scale,
                     std::span<Float> dz) {
  std::array<double, kMaxClasses> answer_memory;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::array<double, kMaxClasses> slope_memory;   // NOLINT(cppcoreguidelines-pro-type-member-init)
  const auto answer = std::span(answer_memory).first(z.size());
  const auto d_answer = std::span(slope_memory).first(z.size());
  apply_output_inline(output, z, answer);
  double sum = 0.0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    const double error = answer[k] - (k == label ? 1.0 : 0.0);
    sum += error * error;
    d_answer[k] = scale * 2.0 * error;  // forward: scale · (ŷ_k - y_k)²
  }
  output_backward<Float>(output, answer, d_answer, dz);
  return scale * sum;
}

}  // namespace gibbon::models
