// SPDX-License-Identifier: MIT
// Quadratic cost of M. Nielsen's book: J = 1/2 · Σ_k (y_k - ŷ_k)². The MSE times C/2, so that his
// learning rates mean the same here.
#include "models/output.hpp"

namespace gibbon::models {
namespace {

template <class Float>
double quadratic(Output output, std::span<const Float> z, std::size_t label, std::span<Float> dz) {
  return squared_error(output, z, label, 0.5, dz);
}

}  // namespace

const LossInfo& quadratic_info() {
  static const LossInfo info{
      .name = "quadratic",
      .formula = "1/2 · Σ_k (y_k - ŷ_k)²",
      .source = "Nielsen 2015, Neural Networks and Deep Learning, chapter 1, eq. 6",
      .softmax_only = false,
      .usual_output = Output::kSigmoid,
      .evaluate = quadratic<float>,
      .evaluate64 = quadratic<double>,
  };
  return info;
}

}  // namespace gibbon::models
