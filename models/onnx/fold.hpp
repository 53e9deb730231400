// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "models/onnx/constant.hpp"

namespace gibbon::models::onnx {

/// What a node makes of constants alone, as the standard says, in float32: products of weights,
/// weight norm, quantised weights, shapes that are worked out. inputs[k] is null where the node
/// leaves input k out. Empty: an operator that is not evaluated; operators that only move the
/// dimensions (NodeReader::is_shape) are not either. Throws a Misfit for what cannot be evaluated.
[[nodiscard]] std::optional<Constant> fold(const ::onnx::NodeProto& node,
                                           const std::vector<const Constant*>& inputs,
                                           Budget& budget);

/// dims of a and b together, as NumPy broadcasts; a Misfit where they do not fit.
[[nodiscard]] Dims broadcast_dims(const Dims& a, const Dims& b);

/// For every place of `to`, the place in a tensor of shape `from` that is broadcast to it.
[[nodiscard]] std::vector<std::size_t> broadcast_places(const Dims& from, const Dims& to);

/// What Slice takes along each axis of `dims`: from `start`, `count` entries `step` apart.
struct Cut {
  std::int64_t start;
  std::int64_t step;
  std::size_t count;
};
/// starts, ends, axes (empty: the first ones) and steps (empty: 1) as the standard reads them.
[[nodiscard]] std::vector<Cut> to_cuts(const Dims& dims, const std::vector<std::int64_t>& starts,
                                       const std::vector<std::int64_t>& ends,
                                       const std::vector<std::int64_t>& axes,
                                       const std::vector<std::int64_t>& steps);

/// For every place of a tensor of shape `to` that `at` leads to, the place in one of shape `from`:
/// at(d, k) is the index along axis d of `from` that index k of `to` comes from.
template <class At>
[[nodiscard]] std::vector<std::size_t> places_by_axis(const Dims& from, const Dims& to,
                                                      const At& at) {
  std::vector<std::size_t> out(element_count(to));
  for (std::size_t k = 0; k < out.size(); ++k) {
    std::size_t rest = k;
    std::size_t place = 0;
    std::size_t stride = 1;
    for (std::size_t d = to.size(); d-- > 0;) {
      place += at(d, rest % to[d]) * stride;
      rest /= to[d];
      stride *= from[d];
    }
    out[k] = place;
  }
  return out;
}

}  // namespace gibbon::models::onnx
