// SPDX-License-Identifier: MIT
#include <ATen/ops/linear.h>

#include "models/torch/twin.hpp"

namespace gibbon::models::torch_twins {
namespace {

const Twin kDense("dense", [](const ReferenceNode&, at::ScalarType) -> Forward {
  return [](Values inputs, Values parameters, bool) {
    return at::linear(to_rows(inputs[0]), parameters[0], parameters[1]);
  };
});

}  // namespace
}  // namespace gibbon::models::torch_twins
