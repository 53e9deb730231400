// SPDX-License-Identifier: MIT
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include "models/torch/twin.hpp"

namespace gibbon::models::torch_twins {
namespace {

const Twin kPad("pad", [](const ReferenceNode& node, at::ScalarType) -> Forward {
  std::vector<std::int64_t> places;
  for (const double k : numbers(node, "places")) places.push_back(static_cast<std::int64_t>(k));
  return [index = at::tensor(places, at::kLong), value = number(node, "value"), to = node.to](
             Values inputs, Values, bool) {
    const at::Tensor x = to_rows(inputs[0]);
    return to_value(
        at::full({x.size(0), dim(to.size())}, value, x.options()).index_copy(1, index, x), to);
  };
});

}  // namespace
}  // namespace gibbon::models::torch_twins
