// SPDX-License-Identifier: MIT
// MSE, as the course defines it: J = mean over the C outputs of (y_k - ŷ_k)².
#include "models/output.hpp"

namespace gibbon::models {
namespace {

template <class Float>
double mse(Output output, std::span<const Float> z, std::size_t label, std::span<Float> dz) {
  return squared_error(output, z, label, 1.0 / static_cast<double>(z.size()), dz);
}

}  // namespace

const LossInfo& mse_info() {
  static const LossInfo info{
      .name = "mse",
      .formula = "1/C · Σ_k (y_k - ŷ_k)²",
      .source = "the course; Gauss 1809",
      .softmax_only = false,
      .usual_output = Output::kSigmoid,
      .evaluate = mse<float>,
      .evaluate64 = mse<double>,
  };
  return info;
}

}  // namespace gibbon::models
