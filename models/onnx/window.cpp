// SPDX-License-Identifier: MIT
#include "models/onnx/window.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/onnx/axes.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

constexpr std::int64_t kMost = 1 << 20;  // of any number that places a window

/// An attribute of `count` numbers, each from `least` on; not there: all `fallback`.
std::vector<std::size_t> numbers(const ::onnx::NodeProto& node, std::string_view name, int count,
                                 std::int64_t least, std::int64_t fallback) {
  const ::onnx::AttributeProto* found = find_attribute(node, name);
  if (found == nullptr || found->ints_size() == 0) {
    return std::vector<std::size_t>(static_cast<std::size_t>(count),
                                    static_cast<std::size_t>(fallback));
  }
  if (found->ints_size() != count) {
    misfit("{} has {} numbers; allowed are {}: windows over rows and columns", name,
           found->ints_size(), count);
  }
  std::vector<std::size_t> out;
  for (const std::int64_t value : found->ints()) {
    if (value < least || value > kMost) {
      misfit("{} has a {}; allowed are {} to {}", name, value, least, kMost);
    }
    out.push_back(static_cast<std::size_t>(value));
  }
  return out;
}

/// SAME: as many places as strides fit; the odd padding goes behind (UPPER) or before (LOWER).
void pad_same(std::size_t length, std::size_t size, std::size_t stride, std::size_t dilation,
              bool upper, std::size_t& before, std::size_t& after) {
  const std::size_t places = (length + stride - 1) / stride;
  const std::size_t needed = (places - 1) * stride + (size - 1) * dilation + 1;
  const std::size_t total = needed > length ? needed - length : 0;
  (upper ? before : after) = total / 2;
  (upper ? after : before) = total - total / 2;
}

}  // namespace

Window window_of(const ::onnx::NodeProto& node, const FeatureShape& input,
                 std::size_t weight_height, std::size_t weight_width) {
  const std::vector<std::size_t> size = numbers(node, "kernel_shape", 2, 1, 0);
  if (weight_height == 0 && size[0] == 0) misfit("it has no kernel_shape");
  if (weight_height != 0 && size[0] != 0 && (size[0] != weight_height || size[1] != weight_width)) {
    misfit("kernel_shape is {}×{}, but its weight is {}×{}", size[0], size[1], weight_height,
           weight_width);
  }
  const std::vector<std::size_t> strides = numbers(node, "strides", 2, 1, 1);
  const std::vector<std::size_t> dilations = numbers(node, "dilations", 2, 1, 1);
  const std::vector<std::size_t> pads = numbers(node, "pads", 4, 0, 0);
  Window out{.height = weight_height != 0 ? weight_height : size[0],
             .width = weight_height != 0 ? weight_width : size[1],
             .stride_y = strides[0],
             .stride_x = strides[1],
             .dilation_y = dilations[0],
             .dilation_x = dilations[1],
             .top = pads[0],
             .bottom = pads[2],
             .left = pads[1],
             .right = pads[3],
             .ceil = int_attribute(node, "ceil_mode", 0) != 0};
  const ::onnx::AttributeProto* found = find_attribute(node, "auto_pad");
  const std::string mode = found == nullptr ? "NOTSET" : found->s();
  if (mode == "NOTSET") return out;
  if (std::ranges::any_of(pads, [](std::size_t pad) { return pad != 0; })) {
    misfit("it has both pads and auto_pad = {}", shown(mode));
  }
  if (mode == "VALID") return out;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    misfit("auto_pad = {}; allowed are NOTSET, VALID, SAME_UPPER and SAME_LOWER", shown(mode));
  }
  const bool upper = mode == "SAME_UPPER";
  pad_same(input.height, out.height, out.stride_y, out.dilation_y, upper, out.top, out.bottom);
  pad_same(input.width, out.width, out.stride_x, out.dilation_x, upper, out.left, out.right);
  return out;
}

}  // namespace gibbon::models::onnx
