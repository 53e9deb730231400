// SPDX-License-Identifier: MIT
#include <ATen/ops/cat.h>

#include "models/torch/twin.hpp"

namespace gibbon::models::torch_twins {
namespace {

const Twin kAdd("add", [](const ReferenceNode&, at::ScalarType) -> Forward {
  return [](Values inputs, Values, bool) {
    at::Tensor sum = inputs[0];
    for (const at::Tensor& x : inputs.subspan(1)) sum = sum + x;
    return sum;
  };
});

const Twin kMultiply("multiply", [](const ReferenceNode&, at::ScalarType) -> Forward {
  return [](Values inputs, Values, bool) { return inputs[0] * inputs[1]; };
});

const Twin kConcat("concat", [](const ReferenceNode&, at::ScalarType) -> Forward {
  return [](Values inputs, Values, bool) {
    return at::cat(at::TensorList(inputs.data(), inputs.size()), 1);
  };
});

}  // namespace
}  // namespace gibbon::models::torch_twins
