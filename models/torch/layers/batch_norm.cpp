// SPDX-License-Identifier: MIT
#include <ATen/ops/batch_norm.h>

#include "models/torch/twin.hpp"

namespace gibbon::models::torch_twins {
namespace {

const Twin kBatchNorm("batch-norm", [](const ReferenceNode&, at::ScalarType) -> Forward {
  return [](Values inputs, Values parameters, bool training) {
    // At inference ε is the float32 that a file has.
    const double epsilon = training ? 1e-5 : static_cast<double>(1e-5F);
    return at::batch_norm(inputs[0], parameters[0], parameters[1], parameters[2], parameters[3],
                          training, 0.1, epsilon, false);
  };
});

}  // namespace
}  // namespace gibbon::models::torch_twins
