// SPDX-License-Identifier: MIT
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>

#include "models/torch/twin.hpp"

namespace gibbon::models::torch_twins {
namespace {

const Twin kConv2d("conv2d", [](const ReferenceNode& node, at::ScalarType) -> Forward {
  const Window w = node.blueprint.window;
  const auto groups = static_cast<std::int64_t>(number(node, "groups"));
  return [w, groups, to = node.to](Values inputs, Values parameters, bool) {
    at::Tensor x = picture(inputs[0]);
    Pair padding{dim(w.top), dim(w.left)};
    if (!even_padding(w)) {
      x = at::constant_pad_nd(x, {dim(w.left), dim(w.right), dim(w.top), dim(w.bottom)});
      padding = {0, 0};
    }
    return as_value(
        at::conv2d(x, parameters[0], parameters[1], stride(w), padding, dilation(w), groups), to);
  };
});

}  // namespace
}  // namespace gibbon::models::torch_twins
