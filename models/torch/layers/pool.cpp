// SPDX-License-Identifier: MIT
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <limits>

#include "models/torch/twin.hpp"

namespace gibbon::models::torch_twins {
namespace {

const Twin kMaxPool("max-pool", [](const ReferenceNode& node, at::ScalarType) -> Forward {
  const Window w = node.blueprint.window;
  return [w, plain = plain_pool(w), padding = full_padding(node), to = node.to](Values inputs,
                                                                                Values, bool) {
    at::Tensor x = picture(inputs[0]);
    if (plain) {
      return as_value(at::max_pool2d(x, kernel(w), stride(w), Pair{dim(w.top), dim(w.left)},
                                     dilation(w), w.ceil),
                      to);
    }
    x = at::constant_pad_nd(x, padding, -std::numeric_limits<double>::infinity());
    return as_value(at::max_pool2d(x, kernel(w), stride(w), Pair{0, 0}, dilation(w)), to);
  };
});

/// Σ over every window, by a convolution with ones.
at::Tensor window_sum(const at::Tensor& x, const Window& w) {
  const at::Tensor ones =
      at::ones({x.size(1), 1, dim(w.height), dim(w.width)}, x.options().requires_grad(false));
  return at::conv2d(x, ones, {}, stride(w), Pair{0, 0}, dilation(w), x.size(1));
}

/// How many places each window counts: those of the image, or of the padded image.
at::Tensor window_count(const ReferenceNode& node, at::ScalarType type) {
  const Window& w = node.blueprint.window;
  std::array<std::int64_t, 4> padding = full_padding(node);
  std::size_t height = node.from[0].height;
  std::size_t width = node.from[0].width;
  if (number(node, "count_padding") != 0.0) {
    height += w.top + w.bottom;
    width += w.left + w.right;
    padding = {0, padding[1] - dim(w.right), 0, padding[3] - dim(w.bottom)};
  }
  return window_sum(at::constant_pad_nd(at::ones({1, 1, dim(height), dim(width)}, type), padding),
                    w);
}

const Twin kAveragePool(
    "average-pool", [](const ReferenceNode& node, at::ScalarType type) -> Forward {
      const Window w = node.blueprint.window;
      if (plain_pool(w) && w.dilation_y == 1 && w.dilation_x == 1) {
        return [w, counts = number(node, "count_padding") != 0.0, to = node.to](Values inputs,
                                                                                Values, bool) {
          return as_value(at::avg_pool2d(picture(inputs[0]), kernel(w), stride(w),
                                         Pair{dim(w.top), dim(w.left)}, w.ceil, counts),
                          to);
        };
      }
      return [w, padding = full_padding(node), count = window_count(node, type), to = node.to](
                 Values inputs, Values, bool) {
        return as_value(window_sum(at::constant_pad_nd(picture(inputs[0]), padding), w) / count,
                        to);
      };
    });

const Twin kGlobalAveragePool("global-average-pool",
                              [](const ReferenceNode&, at::ScalarType) -> Forward {
                                return [](Values inputs, Values, bool) {
                                  return picture(inputs[0]).mean({2, 3});
                                };
                              });

}  // namespace
}  // namespace gibbon::models::torch_twins
